/* SPDX-License-Identifier: MIT */
/* misuse: read after free of small blocks, time and again */
/* judge default: survives */
/* judge hardened: SIGSEGV */
/* Some of them are of the sample, of which nothing stays accessible. */
#include "misuse.h"

enum { TURNS = 400000 };

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    (void)announce(NULL);
    for (size_t i = 0; i < TURNS; i++) {
        unsigned char *const block = hide(malloc(hide_size(100)));
        free(block);
        read_byte(hide(block));
    }
    return 0;
}

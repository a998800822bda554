/* SPDX-License-Identifier: MIT */
/* misuse: reading behind small blocks, time and again */
/* judge default: survives */
/* judge hardened: SIGSEGV */
/* Some of them end before a guard. */
#include "misuse.h"

enum { TURNS = 400000, SIZE = 96 };

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    (void)announce(NULL);
    for (size_t i = 0; i < TURNS; i++) {
        unsigned char *const block = hide(malloc(hide_size(SIZE)));
        CHECK(block != NULL);
        read_byte(block + SIZE);
        free(block);
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse: a string whose end lies behind the block */
/* judge default: survives */
/* judge hardened: chunkmalloc: overrun of POINTER (SIZE bytes, allocated at SITE, freed at SITE) */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    const char *const text = "a string of 27 characters..";
    char *const block = announce(get(strlen(text)));
    for (size_t i = 0; i <= strlen(text); i++) {
        block[i] = text[i];
    }
    free(block);
    return 0;
}

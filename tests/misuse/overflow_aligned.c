/* SPDX-License-Identifier: MIT */
/* misuse: overflow of an aligned block by one byte */
/* judge default: survives */
/* judge hardened: chunkmalloc: overrun of POINTER (SIZE bytes, allocated at SITE, freed at SITE) */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    unsigned char *const block = announce(memalign(number(1), number(2)));
    CHECK(block != NULL);
    fill_behind(block, number(2), 1);
    free(block);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse: memcpy of more than the block holds */
/* judge default: survives */
/* judge hardened: chunkmalloc: overrun of POINTER (SIZE bytes, allocated at SITE, freed at SITE) */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    const unsigned char source[64] = "more than fits";
    const size_t size = number(1);
    void *const block = announce(get(size));
    memcpy(hide(block), source, hide_size(size + 4));
    free(block);
    return 0;
}

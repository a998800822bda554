/* SPDX-License-Identifier: MIT */
/* misuse: overflow of a block that another thread frees */
/* judge default: survives */
/* judge hardened: chunkmalloc: overrun of POINTER (SIZE bytes, allocated at SITE, freed at SITE) */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    unsigned char *const block = get(number(1));
    fill_behind(announce(block), number(1), 1);
    free_in_thread(block);
    return 0;
}

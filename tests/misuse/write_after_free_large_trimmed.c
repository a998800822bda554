/* SPDX-License-Identifier: MIT */
/* misuse: write after free to a large block whose memory is then given back */
/* judge default: survives */
/* judge hardened: chunkmalloc: write after free to POINTER (SIZE bytes, allocated at SITE, freed at
 * SITE) */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    unsigned char *const block = announce(get(number(1)));
    free(block);
    fill_behind(hide(block), 5000, 1);
    (void)malloc_trim(0);
    return 0;
}

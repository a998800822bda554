/* SPDX-License-Identifier: MIT */
/* misuse [100000]: write after free to a large block */
/* misuse [5000000]: write after free to a very large block */
/* judge default: survives */
/* judge hardened: chunkmalloc: write after free to POINTER */
/* judge hardened [5000000]: SIGSEGV */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    unsigned char *const block = announce(get(number(1)));
    free(block);
    fill_behind(hide(block), 5000, 1);
    reuse_all(number(1));
    return 0;
}

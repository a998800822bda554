/* SPDX-License-Identifier: MIT */
/* misuse: write after free to the first word only, and reuse */
/* judge default: survives */
/* judge hardened: chunkmalloc: write after free to POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    unsigned char *const block = announce(get(number(1)));
    free(block);
    fill_behind(hide(block), 0, 8);
    reuse_all(number(1));
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse: write to what realloc has moved away from, and reuse */
/* judge default: chunkmalloc: freed block was written to, or freed twice: POINTER */
/* judge hardened: chunkmalloc: write after free to POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    unsigned char *const block = announce(get(number(1)));
    CHECK(realloc(block, number(1) * 100) != block);
    fill_behind(hide(block), 0, number(1));
    reuse_all(number(1));
    return 0;
}

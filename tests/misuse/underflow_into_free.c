/* SPDX-License-Identifier: MIT */
/* misuse: underflow into a free block */
/* judge default: survives */
/* judge hardened: chunkmalloc: write after free to POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    struct neighbours found = find_neighbours(number(1));
    free(announce(found.low));
    fill_behind(found.high - number(2), 0, number(2));
    reuse_all(number(1));
    return 0;
}

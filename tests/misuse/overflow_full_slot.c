/* SPDX-License-Identifier: MIT */
/* misuse: overflow by one byte out of a block that fills its slot, into a free one */
/* judge default: survives */
/* judge hardened: chunkmalloc: write after free to POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    struct neighbours found = find_neighbours(number(1));
    free(announce(found.high));
    fill_behind(found.low, number(1), 1);
    reuse_all(number(1));
    return 0;
}

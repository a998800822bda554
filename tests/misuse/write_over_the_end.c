/* SPDX-License-Identifier: MIT */
/* misuse: overflow by 16 bytes into a free block, and reuse */
/* judge default: chunkmalloc: freed block was written to, or freed twice: POINTER */
/* judge hardened: chunkmalloc: write after free to POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    const size_t size = number(1);
    struct neighbours found = find_neighbours(size);
    free(announce(found.high));
    fill_behind(found.low, size, 16);
    reuse_all(size);
    return 0;
}

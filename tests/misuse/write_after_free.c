/* SPDX-License-Identifier: MIT */
/* misuse: write after free, and reuse */
/* judge default: chunkmalloc: freed block was written to, or freed twice: POINTER */
/* judge hardened: chunkmalloc: write after free to POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    const size_t size = number(1);
    void *const block = announce(get(size));
    free(block);
    memset(hide(block), 0x55, size);
    reuse_all(size);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse: double free with a write between, and reuse */
/* judge default: chunkmalloc: freed block was written to, or freed twice: POINTER */
/* judge hardened: chunkmalloc: double free of POINTER (SIZE bytes, allocated at SITE, freed at
 * SITE) */
/* The write takes away what tells that the block is free. It is not handed out a second time. */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    const size_t size = number(1);
    void *const block = announce(get(size));
    free(block);
    memset(hide(block), 0, size);
    free(hide(block));
    void *const first = get(size);
    void *const second = malloc(hide_size(size));
    CHECK(first != second);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* judge: chunkmalloc: freed block was written to, or freed twice: POINTER */
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

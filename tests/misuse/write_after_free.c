/* SPDX-License-Identifier: MIT */
/* judge: chunkmalloc: freed block was written to, or freed twice: POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    const size_t size = number(1);
    void *const block = announce(get(size));
    free(block);
    memset(hide(block), 0x55, size);
    CHECK(malloc(hide_size(size)) == NULL);
    return 0;
}

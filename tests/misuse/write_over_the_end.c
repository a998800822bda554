/* SPDX-License-Identifier: MIT */
/* judge: chunkmalloc: freed block was written to, or freed twice: POINTER */
/* Out of a block and into the free one behind it. */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    const size_t size = number(1);
    unsigned char *const block = get(size);
    unsigned char *const next = get(size);
    unsigned char *const low = block < next ? block : next;
    unsigned char *const high = block < next ? next : block;
    CHECK(low + size == high);
    free(announce(high));
    memset(hide(low), 0x55, size + 16);
    CHECK(malloc(hide_size(size)) == NULL);
    return 0;
}

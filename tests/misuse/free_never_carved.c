/* SPDX-License-Identifier: MIT */
/* misuse: free of a part of the heap that was not reached yet */
/* judge: chunkmalloc: free of invalid pointer POINTER */
/* In the slab of small blocks, in a page of it that none of them has reached yet. */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    unsigned char *const block = get(24);
    unsigned char *const far = (unsigned char *)((uintptr_t)block | 0xffff) + 1 - 4096;
    const size_t offset = (size_t)(far - block);
    free(announce_at(block, offset + (96 - offset % 96)));
    return 0;
}

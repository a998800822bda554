/* SPDX-License-Identifier: MIT */
/* misuse: free_aligned_sized with an alignment that the block has not */
/* judge: chunkmalloc: free_aligned_sized with a wrong alignment of POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    void *const block = get(24);
    void *const other = get(24);
    void *const odd = (uintptr_t)block % 4096 != 0 ? block : other;
    sized_aligned_free(announce(odd), 4096, 24);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse: free of the end of a block */
/* judge: chunkmalloc: double free of POINTER */
/* judge: chunkmalloc: free of invalid pointer POINTER */
/* judge: chunkmalloc: free of interior pointer POINTER */
/* What lies right behind a block depends on the layout: each of these can be true. */
/* judge hardened: chunkmalloc: free of misaligned pointer POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    void *const block = get(number(1));
    free(announce_at(block, malloc_usable_size(block)));
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse: free_aligned_sized with a size that is too large */
/* judge: chunkmalloc: free_aligned_sized with a wrong size of POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    sized_aligned_free(announce(aligned_alloc(64, hide_size(128))), 64, 4096);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse: free of a pointer into an aligned block */
/* judge: chunkmalloc: free of interior pointer POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    void *const block = memalign(4096, hide_size(200));
    CHECK(block != NULL);
    free(announce_at(block, 64));
    return 0;
}

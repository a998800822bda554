/* SPDX-License-Identifier: MIT */
/* misuse: free of a constant */
/* judge: C library: free\(\): invalid (pointer|size)|munmap_chunk\(\): invalid pointer */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    static _Alignas(16) const char constant[] = "a constant, with text before what is freed";
    free(announce_at((void *)(uintptr_t)constant, 16));
    return 0;
}

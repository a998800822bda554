/* SPDX-License-Identifier: MIT */
/* misuse: free of a pointer into malloc(0) */
/* judge: chunkmalloc: free of misaligned pointer POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    free(announce_at(malloc(hide_size(0)), 8));
    return 0;
}

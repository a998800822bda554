/* SPDX-License-Identifier: MIT */
/* misuse: free of a thread-local variable */
/* judge: C library: free\(\): invalid (pointer|size)|munmap_chunk\(\): invalid pointer */
#include "misuse.h"

static _Thread_local _Alignas(64) unsigned char in_thread[512];

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    free(announce(in_thread + 64));
    return 0;
}

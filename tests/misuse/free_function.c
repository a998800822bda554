/* SPDX-License-Identifier: MIT */
/* misuse: free of a function */
/* judge: crash */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    free(announce((void *)(uintptr_t)&misuse_begin));
    return 0;
}

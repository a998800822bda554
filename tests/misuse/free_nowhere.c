/* SPDX-License-Identifier: MIT */
/* misuse: free of a number */
/* judge: crash */
/* The C library looks in front of the pointer, where nothing is. */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    free(announce((void *)(uintptr_t)number(1)));
    return 0;
}

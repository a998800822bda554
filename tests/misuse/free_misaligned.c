/* SPDX-License-Identifier: MIT */
/* misuse: free of a misaligned pointer */
/* judge: chunkmalloc: free of misaligned pointer POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    free(announce_at(get(number(1)), number(2)));
    return 0;
}

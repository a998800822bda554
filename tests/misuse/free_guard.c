/* SPDX-License-Identifier: MIT */
/* misuse: free of the page before a large block */
/* judge: chunkmalloc: free of interior pointer POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    unsigned char *const first = get(number(1));
    unsigned char *const second = get(number(1));
    free(announce((first > second ? first : second) - 4096));
    return 0;
}

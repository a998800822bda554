/* SPDX-License-Identifier: MIT */
/* misuse: free_sized with a size that is too large */
/* judge: chunkmalloc: free_sized with a wrong size of POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    sized_free(announce(get(number(1))), number(2));
    return 0;
}

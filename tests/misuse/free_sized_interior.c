/* SPDX-License-Identifier: MIT */
/* misuse: free_sized of a pointer into a block */
/* judge: chunkmalloc: free_sized of interior pointer POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    sized_free(announce_at(get(64), 16), 48);
    return 0;
}

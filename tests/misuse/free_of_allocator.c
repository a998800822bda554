/* SPDX-License-Identifier: MIT */
/* misuse: free of the allocator's own data */
/* judge: crash */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    void *function = NULL;
    misuse_find("chunkmalloc_check", &function);
    free(announce(function));
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse: double free of a block whose page was given back */
/* judge: chunkmalloc: double free of POINTER */
#include "misuse.h"

enum { COUNT = 20000 };

static void *blocks[COUNT];

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = get(100);
    }
    /* Here and there one stays, so that the pages go back, but not the slabs. */
    for (size_t i = 0; i < COUNT; i++) {
        if (i % 1000 != 0) {
            free(blocks[i]);
        }
    }
    (void)malloc_trim(0);
    free(announce(blocks[COUNT / 2 + 500]));
    return 0;
}

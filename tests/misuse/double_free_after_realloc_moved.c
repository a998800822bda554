/* SPDX-License-Identifier: MIT */
/* misuse: free of what realloc has moved away from */
/* judge: chunkmalloc: double free of POINTER */
/* The old pointer is no longer the program's. */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    void *const block = announce(get(100));
    CHECK(realloc(block, 500000) != block);
    free(hide(block));
    return 0;
}

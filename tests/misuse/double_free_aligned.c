/* SPDX-License-Identifier: MIT */
/* misuse: double free of an aligned block */
/* judge: chunkmalloc: double free of POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    void *const block = announce(memalign(number(1), number(2)));
    CHECK(block != NULL);
    free(block);
    free(hide(block));
    return 0;
}

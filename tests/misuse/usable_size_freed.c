/* SPDX-License-Identifier: MIT */
/* misuse: malloc_usable_size of a freed block */
/* judge: chunkmalloc: malloc_usable_size of freed block POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    void *const block = announce(get(number(1)));
    free(block);
    /* cppcheck-suppress deallocuse */
    CHECK(malloc_usable_size(hide(block)) > 0);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse: realloc of a freed block */
/* judge: chunkmalloc: realloc of freed block POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    void *const block = announce(get(number(1)));
    free(block);
    /* cppcheck-suppress deallocuse */
    CHECK(realloc(hide(block), number(2)) != NULL);
    return 0;
}

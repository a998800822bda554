/* SPDX-License-Identifier: MIT */
/* misuse: realloc of a number */
/* judge: crash */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    CHECK(realloc(announce((void *)(uintptr_t)number(1)), 100) != NULL);
    return 0;
}

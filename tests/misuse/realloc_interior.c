/* SPDX-License-Identifier: MIT */
/* misuse: realloc of a pointer into a block */
/* judge: chunkmalloc: realloc of interior pointer POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    CHECK(realloc(announce_at(get(number(1)), number(2)), 1000) != NULL);
    return 0;
}

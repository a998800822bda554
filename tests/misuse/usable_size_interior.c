/* SPDX-License-Identifier: MIT */
/* misuse: malloc_usable_size of a pointer into a block */
/* judge: chunkmalloc: malloc_usable_size of interior pointer POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    CHECK(malloc_usable_size(announce_at(get(64), 16)) > 0);
    return 0;
}

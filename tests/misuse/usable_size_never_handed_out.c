/* SPDX-License-Identifier: MIT */
/* misuse: malloc_usable_size of an address of the heap that was never handed out */
/* judge: chunkmalloc: malloc_usable_size of invalid pointer POINTER */
#include "misuse.h"

/* From the first block to where nothing was ever handed out, in the smallest heap that can be
 * built, too. */
enum { BEYOND = 8 * 1024 * 1024 };

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    CHECK(malloc_usable_size(announce_at(get(100000), BEYOND)) > 0);
    return 0;
}

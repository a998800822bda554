/* SPDX-License-Identifier: MIT */
/* misuse: realloc of an address of the heap that was never handed out */
/* judge: chunkmalloc: realloc of invalid pointer POINTER */
#include "misuse.h"

/* From the first block to where nothing was ever handed out, in the smallest heap that can be
 * built, too. */
enum { BEYOND = 8 * 1024 * 1024 };

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    CHECK(realloc(announce_at(get(100000), BEYOND), 1000) != NULL);
    return 0;
}

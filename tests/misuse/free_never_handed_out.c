/* SPDX-License-Identifier: MIT */
/* misuse: free of an address of the heap that was never handed out */
/* judge: chunkmalloc: free of invalid pointer POINTER */
#include "misuse.h"

/* From the first block to where nothing was ever handed out, in the smallest heap that can be
 * built, too. */
enum { BEYOND = 8 * 1024 * 1024 };

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    void *const block = get(100000);
    CHECK(library_owns((char *)block + BEYOND));
    free(announce_at(block, BEYOND + number(1)));
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse: free of the end of the highest block */
/* judge: chunkmalloc: double free of POINTER */
/* judge: chunkmalloc: free of invalid pointer POINTER */
/* Behind the highest of many small blocks lies a slot that was never handed out, or another slab.
 */
/* judge hardened: chunkmalloc: free of interior pointer POINTER */
/* judge hardened: chunkmalloc: free of misaligned pointer POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    const size_t size = number(1);
    unsigned char *last = get(size);
    for (size_t i = 0; i < number(2); i++) {
        unsigned char *const block = get(size);
        last = block > last ? block : last;
    }
    free(announce_at(last, malloc_usable_size(last)));
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse: double free by two threads, both alive */
/* judge: chunkmalloc: double free of POINTER */
/* Both threads are alive; the block lies among what the first has freed. */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    /* What the first thread of all makes the allocator take must not take the place of the block.
     */
    free_in_thread(get(24));
    void *const block = announce(get(number(1)));
    free(block);
    free_in_thread(hide(block));
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse: double free, first by a thread that has ended */
/* judge: chunkmalloc: double free of POINTER */
/* The other thread is gone when the second free comes, and so are its caches. */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    void *const block = announce(get(number(1)));
    free_in_thread(block);
    free(hide(block));
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse: free of a block that was reused, by its first owner, then by its second */
/* judge: chunkmalloc: double free of POINTER */
/* The first of the two cannot be told from a free by the second owner. */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    void *const block = announce(get(number(1)));
    free(block);
    void *const again = get_again(block, number(1));
    free(hide(block));
    free(again);
    return 0;
}

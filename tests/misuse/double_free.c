/* SPDX-License-Identifier: MIT */
/* misuse: double free, at once */
/* judge: chunkmalloc: double free of POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    void *const block = announce(get(number(1)));
    free(block);
    free(hide(block));
    return 0;
}

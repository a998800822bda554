/* SPDX-License-Identifier: MIT */
/* misuse: double free after thousands of other calls */
/* judge: chunkmalloc: double free of POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    void *const block = announce(get(number(1)));
    free(block);
    reuse_all(number(1) * 2);
    reuse_all(number(1) / 2);
    free(hide(block));
    return 0;
}

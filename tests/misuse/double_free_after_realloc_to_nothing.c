/* SPDX-License-Identifier: MIT */
/* misuse: free of what realloc to size 0 has freed */
/* judge: chunkmalloc: double free of POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    void *const block = announce(get(100));
    CHECK(realloc(block, hide_size(0)) == NULL);
    free(hide(block));
    return 0;
}

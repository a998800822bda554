/* SPDX-License-Identifier: MIT */
/* misuse: double free by free_sized */
/* judge: chunkmalloc: free_sized of freed block POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    const size_t size = number(1);
    void *const block = announce(get(size));
    sized_free(block, size);
    sized_free(hide(block), size);
    return 0;
}

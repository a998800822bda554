/* SPDX-License-Identifier: MIT */
/* misuse: double free after others of the same size */
/* judge: chunkmalloc: double free of POINTER */
/* Between the two frees others of the same size are freed. */
#include "misuse.h"

enum { MOST = 3000 };

static void *others[MOST];

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    const size_t size = number(1);
    const size_t count = number(2);
    CHECK(count <= MOST);
    for (size_t i = 0; i < count; i++) {
        others[i] = get(size);
    }
    void *const block = announce(others[count / 2]);
    free(block);
    for (size_t i = 0; i < count; i++) {
        if (i != count / 2) {
            free(others[i]);
        }
    }
    free(hide(block));
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* judge: chunkmalloc: free of interior pointer POINTER */
/* The place has become the inside of a block that is larger. */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    void *const first = get(200000);
    void *const stale = announce(get(200000));
    free(first);
    free(stale);
    char *const larger = get(400000);
    CHECK((char *)stale > larger && (char *)stale < larger + 400000);
    free(hide(stale));
    return 0;
}

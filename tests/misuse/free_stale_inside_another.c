/* SPDX-License-Identifier: MIT */
/* misuse: free of a stale pointer that has come to lie in another block */
/* judge default: chunkmalloc: free of interior pointer POINTER */
/* judge hardened: chunkmalloc: double free of POINTER (SIZE bytes, allocated at SITE, freed at
 * SITE) */
/* The place has become the inside of a block that is larger; in quarantine, it has not. */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    void *const first = get(200000);
    void *const stale = announce(get(200000));
    free(first);
    free(stale);
    (void)get(400000);
    free(hide(stale));
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse: double free with another between (a, b, a) */
/* judge default: chunkmalloc: double free of POINTER */
/* judge hardened: chunkmalloc: double free of POINTER (SIZE bytes, allocated at SITE, freed at
 * SITE) */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    void *const a = announce(get(number(1)));
    void *const b = get(number(1));
    free(a);
    free(b);
    free(hide(a));
    return 0;
}

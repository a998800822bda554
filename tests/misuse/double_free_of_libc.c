/* SPDX-License-Identifier: MIT */
/* misuse: double free of what the C library allocated */
/* judge default: chunkmalloc: double free of POINTER */
/* judge hardened: chunkmalloc: double free of POINTER (SIZE bytes, allocated at libc.so.6+NUMBER,
 * freed at SITE) */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    char *const copy = announce(strdup("a string"));
    free(copy);
    free(hide(copy));
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse: free of a local variable */
/* judge: C library: free\(\): invalid (pointer|size) */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    _Alignas(64) unsigned char on_stack[512] = {0};
    free(announce(on_stack + 64));
    (void)hide(on_stack);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse: free of a static variable */
/* judge: C library: free\(\): invalid (pointer|size) */
#include "misuse.h"

static _Alignas(64) unsigned char in_data[4096];

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    free(announce(in_data + 64));
    return 0;
}

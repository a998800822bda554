/* SPDX-License-Identifier: MIT */
/* misuse: realloc of a static variable */
/* judge: C library: invalid (pointer|size|old size) */
#include "misuse.h"

static _Alignas(64) unsigned char in_data[4096];

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    CHECK(realloc(announce(in_data + 64), 100) != NULL);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse: overflow by one byte, then realloc */
/* judge default: survives */
/* judge hardened: chunkmalloc: overrun of POINTER (SIZE bytes, allocated at SITE) */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    const size_t size = number(1);
    unsigned char *const block = announce(get(size));
    fill_behind(block, size, 1);
    CHECK(realloc(block, number(2)) != NULL);
    return 0;
}

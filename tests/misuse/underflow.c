/* SPDX-License-Identifier: MIT */
/* misuse [40 1]: underflow by one byte, into a block in use */
/* misuse [40 8]: underflow by 8 bytes, into a block in use */
/* judge default: survives */
/* judge hardened: chunkmalloc: overrun of POINTER */
/* It is the end of the block before. */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    struct neighbours found = find_neighbours(number(1));
    (void)announce(found.low);
    fill_behind(found.high - number(2), 0, number(2));
    free(found.high);
    free(found.low);
    return 0;
}

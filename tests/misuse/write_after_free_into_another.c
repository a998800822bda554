/* SPDX-License-Identifier: MIT */
/* misuse: write after free, into the next block that is asked for */
/* judge default: survives */
/* judge hardened: chunkmalloc: write after free to POINTER */
/* In quarantine, the block is not handed out so soon. */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    const size_t size = number(1);
    unsigned char *const block = announce(get(size));
    free(block);
    unsigned char *const other = get(size);
    fill_behind(hide(block), 0, size);
    CHECK((other[0] == 0x41) == (other != block));
    reuse_all(size);
    return 0;
}

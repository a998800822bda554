/* SPDX-License-Identifier: MIT */
/* misuse [100]: read after free */
/* misuse [5000]: read after free of a block of some pages */
/* misuse [100000]: read after free of a large block */
/* misuse [5000000]: read after free of a very large block */
/* judge default: survives */
/* judge default [5000000]: harmless */
/* judge hardened: harmless */
/* judge hardened [5000000]: SIGSEGV */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    const size_t size = number(1);
    unsigned char *const block = announce(get(size));
    pattern_fill(block, size, 1);
    free(block);
    return holds_some_of(hide(block), size, 1) ? 0 : MISUSE_HARMLESS;
}

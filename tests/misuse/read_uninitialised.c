/* SPDX-License-Identifier: MIT */
/* misuse: reading a block before writing to it: a secret of its last owner is seen */
/* judge default: survives */
/* judge hardened: harmless */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    const size_t size = number(1);
    void *const block = announce(get(size));
    pattern_fill(block, size, 1);
    free(block);
    const unsigned char *const again = get_again_unwritten(block, size);
    return holds_some_of(again, size, 1) ? 0 : MISUSE_HARMLESS;
}

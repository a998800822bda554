/* SPDX-License-Identifier: MIT */
/* misuse: reading what realloc has moved away from, by the next owner */
/* judge default: survives */
/* judge hardened: harmless */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    const size_t size = number(1);
    void *const block = announce(get(size));
    pattern_fill(block, size, 1);
    CHECK(realloc(block, 10 * size) != block);
    const unsigned char *const again = get_again_unwritten(block, size);
    return holds_some_of(again, size, 1) ? 0 : MISUSE_HARMLESS;
}

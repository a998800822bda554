/* SPDX-License-Identifier: MIT */
/* misuse: overflow out of a block that fills its slot, into one in use */
/* judge: survives */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    struct neighbours found = find_neighbours(number(1));
    (void)announce(found.high);
    fill_behind(found.low, number(1), 1);
    free(found.low);
    free(found.high);
    return 0;
}

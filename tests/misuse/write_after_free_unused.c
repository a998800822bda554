/* SPDX-License-Identifier: MIT */
/* misuse: write after free, without reuse */
/* judge: survives */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    unsigned char *const block = announce(get(number(1)));
    free(block);
    fill_behind(hide(block), 0, number(1));
    return 0;
}

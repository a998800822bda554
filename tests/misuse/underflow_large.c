/* SPDX-License-Identifier: MIT */
/* misuse [100000 1]: underflow of a large block by one byte */
/* misuse [1000000 4096]: underflow of a large block by 4 KiB */
/* judge default: survives */
/* judge hardened: SIGSEGV */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    unsigned char *const first = get(number(1));
    unsigned char *const second = get(number(1));
    unsigned char *const high = first > second ? first : second;
    (void)announce(high);
    fill_behind(high - number(2), 0, number(2));
    free(high);
    return 0;
}

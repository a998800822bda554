/* SPDX-License-Identifier: MIT */
/* misuse: reading a page behind a large block */
/* judge default: survives */
/* judge hardened: SIGSEGV */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    /* What lies behind belongs to the heap, too. */
    unsigned char *const first = get(number(1));
    unsigned char *const second = get(number(1));
    unsigned char *const low = first < second ? first : second;
    read_byte((unsigned char *)announce(low) + number(1) + 4096);
    return 0;
}

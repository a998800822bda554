/* SPDX-License-Identifier: MIT */
/* Writes a byte behind a block, and loses a block of 77 bytes: for memcheck.py. */
#include "../support.h"

int main(void) {
    support_begin(60);
    char *volatile block = malloc(hide_size(100));
    CHECK(block != NULL);
    block[100] = 1;
    free(block);
    block = malloc(hide_size(77));
    CHECK(block != NULL);
    /* cppcheck-suppress memleak */
    block = NULL;
    return 0;
}

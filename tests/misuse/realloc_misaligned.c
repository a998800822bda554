/* SPDX-License-Identifier: MIT */
/* misuse: realloc of a misaligned pointer */
/* judge: chunkmalloc: realloc of misaligned pointer POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    CHECK(realloc(announce_at(get(64), 4), 1000) != NULL);
    return 0;
}

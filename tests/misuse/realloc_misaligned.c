/* SPDX-License-Identifier: MIT */
/* judge: chunkmalloc: realloc of misaligned pointer POINTER */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    CHECK(realloc(announce_at(get(64), 4), 1000) != NULL);
    return 0;
}

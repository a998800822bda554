/* SPDX-License-Identifier: MIT */
/* misuse: free of what getenv gave */
/* judge: crash */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    CHECK(setenv("MISUSE", "", 1) == 0);
    free(announce(getenv("TEST_PRELOADED")));
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse: free of a program's argument */
/* judge: crash */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    free(announce(argv[0]));
    return 0;
}

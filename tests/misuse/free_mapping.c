/* SPDX-License-Identifier: MIT */
/* misuse: free of what mmap gave */
/* judge: C library: free\(\): invalid (pointer|size)|munmap_chunk\(\): invalid pointer */
#include "misuse.h"

#include <sys/mman.h>

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    unsigned char *const pages =
        mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    free(announce(pages + 4096));
    return 0;
}

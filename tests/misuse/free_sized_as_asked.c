/* SPDX-License-Identifier: MIT */
/* misuse: (sized frees with the right sizes) */
/* judge: no error */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    (void)announce(NULL);
    for (size_t size = 0; size < 300000; size = size * 3 / 2 + 1) {
        sized_free(get(size), size);
        sized_aligned_free(aligned_alloc(64, hide_size(size)), 64, size);
        sized_aligned_free(aligned_alloc(16384, hide_size(size)), 16384, size);
        sized_free(realloc(get(size), size / 3 + 1), size / 3 + 1);
        sized_free(realloc(get(size), size * 3 + 1), size * 3 + 1);
    }
    sized_free(NULL, 100);
    sized_aligned_free(NULL, 64, 100);
    return 0;
}

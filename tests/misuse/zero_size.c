/* SPDX-License-Identifier: MIT */
/* misuse [malloc write]: write to malloc(0) */
/* misuse [malloc read]: read of malloc(0) */
/* misuse [calloc write]: write to calloc(0, 1) */
/* misuse [realloc write]: write to realloc(NULL, 0) */
/* misuse [memalign write]: write to memalign(64, 0) */
/* judge default: survives */
/* judge hardened: SIGSEGV */
/* judge hardened [memalign write]: chunkmalloc: overrun of POINTER (SIZE bytes, allocated at SITE,
 * freed at SITE)
 */
#include "misuse.h"

static unsigned char *get_nothing(const char *how) {
    const size_t none = hide_size(0);
    return strcmp(how, "malloc") == 0    ? malloc(none)
           : strcmp(how, "calloc") == 0  ? calloc(none, 1)
           : strcmp(how, "realloc") == 0 ? realloc(NULL, none)
                                         : memalign(64, none);
}

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    unsigned char *const block = announce(get_nothing(word(1)));
    CHECK(block != NULL);
    if (strcmp(word(2), "read") == 0) {
        read_byte(block);
    } else {
        fill_behind(block, 0, 1);
    }
    free(block);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse [malloc]: malloc of all there is */
/* misuse [calloc]: calloc whose product overflows */
/* misuse [realloc]: realloc to all there is */
/* misuse [reallocarray]: reallocarray whose product overflows */
/* misuse [memalign]: memalign with an alignment that is too large */
/* misuse [aligned_alloc]: aligned_alloc of a size that is too large */
/* misuse [valloc]: valloc and pvalloc of all there is */
/* misuse [posix_memalign]: posix_memalign with a wrong alignment */
/* judge: refused */
#include "misuse.h"

static bool refused(const void *block, int error) {
    const bool is = block == NULL && errno == error;
    errno = 0;
    return is;
}

static void check_sizes(const char *function) {
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 4096, (size_t)PTRDIFF_MAX + 1, PTRDIFF_MAX};
    void *const block = get(100);
    errno = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const size_t size = hide_size(sizes[i]);
        if (strcmp(function, "malloc") == 0) {
            CHECK(refused(malloc(size), ENOMEM));
        } else if (strcmp(function, "realloc") == 0) {
            CHECK(refused(realloc(block, size), ENOMEM));
        } else if (strcmp(function, "aligned_alloc") == 0) {
            CHECK(refused(aligned_alloc(64, size), ENOMEM));
        } else if (strcmp(function, "valloc") == 0) {
            CHECK(refused(valloc(size), ENOMEM) && refused(pvalloc(size), ENOMEM));
        }
    }
    CHECK(malloc_usable_size(block) >= 100);
    free(block);
}

static void check_products(void) {
    void *const block = get(100);
    for (unsigned shift = 1; shift < 64; shift++) {
        const size_t count = hide_size((size_t)1 << shift);
        const size_t size = hide_size(SIZE_MAX / count + 1);
        errno = 0;
        CHECK(refused(calloc(count, size), ENOMEM));
        CHECK(refused(reallocarray(block, count, size), ENOMEM));
    }
    free(block);
}

static void check_alignments(void) {
    static const size_t wrong[] = {0, 1, 3, 4, 7, 12, 24, 100, SIZE_MAX, SIZE_MAX / 2};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        void *block = NULL;
        CHECK(posix_memalign(&block, hide_size(wrong[i]), 100) == EINVAL && block == NULL);
    }
    void *block = NULL;
    CHECK(posix_memalign(&block, 64, hide_size(SIZE_MAX)) == ENOMEM && block == NULL);
}

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    (void)announce(NULL);
    check_sizes(word(1));
    if (strstr(word(1), "alloc") == word(1) + 1 || strcmp(word(1), "reallocarray") == 0) {
        check_products();
    } else if (strcmp(word(1), "memalign") == 0) {
        CHECK(refused(memalign(hide_size(SIZE_MAX / 2 + 2), 100), EINVAL));
        CHECK(refused(memalign(hide_size(SIZE_MAX / 2 + 1), 100), ENOMEM));
    } else if (strcmp(word(1), "posix_memalign") == 0) {
        check_alignments();
    }
    return 0;
}

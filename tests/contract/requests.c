/* SPDX-License-Identifier: MIT */
/* What a request may ask for: nothing at all, more than there can be, and what becomes of errno. */
#include "suite.h"

static const size_t impossible_sizes[] = {
    SIZE_MAX,
    SIZE_MAX - 1,
    SIZE_MAX - 15,
    SIZE_MAX - 16,
    SIZE_MAX - 4095,
    SIZE_MAX - 4096,
    SIZE_MAX - 65536,
    SIZE_MAX / 2 + 4097,
    (size_t)PTRDIFF_MAX + 2,
    (size_t)PTRDIFF_MAX + 1,
    PTRDIFF_MAX,
    PTRDIFF_MAX - 1,
    PTRDIFF_MAX - 4096,
    PTRDIFF_MAX - 65536,
};

static void test_impossible_sizes_are_refused(void **state) {
    (void)state;
    for (size_t e = 0; e < ENTRY_COUNT; e++) {
        for (size_t i = 0; i < sizeof impossible_sizes / sizeof impossible_sizes[0]; i++) {
            errno = 0;
            void *const block = entries[e].get(impossible_sizes[i]);
            ASSERT_FOR(block == NULL, entries[e].name, impossible_sizes[i]);
            ASSERT_FOR(errno == ENOMEM, entries[e].name, impossible_sizes[i]);
        }
        void *const block = entries[e].get(100);
        assert_non_null(block);
        free(block);
    }
}

static void test_impossible_alignments_are_refused(void **state) {
    (void)state;
    const size_t half = SIZE_MAX / 2 + 1;
    for (size_t alignment = half; alignment >= half / 256; alignment /= 2) {
        errno = 0;
        ASSERT_FOR(memalign(alignment, hide_size(100)) == NULL, "memalign", alignment);
        ASSERT_FOR(errno == ENOMEM, "memalign", alignment);
        errno = 0;
        ASSERT_FOR(aligned_alloc(alignment, hide_size(100)) == NULL, "aligned_alloc", alignment);
        ASSERT_FOR(errno == ENOMEM, "aligned_alloc", alignment);
        void *block = &block;
        ASSERT_FOR(posix_memalign(&block, alignment, hide_size(100)) == ENOMEM, "posix_memalign",
                   alignment);
        ASSERT_FOR(block == &block, "posix_memalign", alignment);
    }
    /* Rounded up to a power of two these do not fit into a size_t. */
    errno = 0;
    assert_null(memalign(hide_size(half + 1), hide_size(100)));
    assert_int_equal(errno, EINVAL);
    errno = 0;
    assert_null(memalign(hide_size(SIZE_MAX), hide_size(100)));
    assert_int_equal(errno, EINVAL);
}

static void test_products_that_overflow_are_refused(void **state) {
    (void)state;
    static const size_t factors[][2] = {
        {SIZE_MAX, 2},
        {SIZE_MAX, SIZE_MAX},
        {SIZE_MAX / 2 + 1, 2},
        {SIZE_MAX / 2 + 2, 2},
        {SIZE_MAX / 3 + 1, 3},
        {SIZE_MAX / 4 + 2, 4},
        {SIZE_MAX / 16 + 2, 16},
        {SIZE_MAX / 48 + 1, 48},
        {(size_t)1 << 32, (size_t)1 << 32},
        {((size_t)1 << 32) + 1, ((size_t)1 << 32) - 1},
        {((size_t)1 << 32) + 1, (size_t)1 << 32},
        {(size_t)1 << 33, (size_t)1 << 31},
        {(size_t)1 << 62, 2},
        {(size_t)1 << 31, (size_t)1 << 32},
    };
    char *const held = malloc(100);
    assert_non_null(held);
    pattern_fill(held, 100, 1);
    for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++) {
        for (size_t turn = 0; turn < 2; turn++) {
            const size_t count = factors[i][turn];
            const size_t size = factors[i][1 - turn];
            errno = 0;
            ASSERT_FOR(calloc(hide_size(count), hide_size(size)) == NULL, "calloc", count);
            ASSERT_FOR(errno == ENOMEM, "calloc", count);
            errno = 0;
            ASSERT_FOR(reallocarray(hide(NULL), hide_size(count), hide_size(size)) == NULL,
                       "reallocarray", count);
            ASSERT_FOR(errno == ENOMEM, "reallocarray", count);
            errno = 0;
            ASSERT_FOR(reallocarray(hide(held), hide_size(count), hide_size(size)) == NULL,
                       "reallocarray", count);
            ASSERT_FOR(errno == ENOMEM, "reallocarray", count);
            ASSERT_FOR(pattern_holds(held, 100, 1), "reallocarray", count);
        }
    }
    free(held);
}

static void test_empty_blocks_are_unique(void **state) {
    (void)state;
    enum { EACH = 40 };
    char *blocks[EACH * ENTRY_COUNT];
    for (size_t i = 0; i < EACH * ENTRY_COUNT; i++) {
        blocks[i] = entries[i % ENTRY_COUNT].get(0);
        ASSERT_FOR(blocks[i] != NULL, entries[i % ENTRY_COUNT].name, (size_t)0);
        for (size_t j = 0; j < i; j++) {
            ASSERT_FOR(blocks[i] != blocks[j], entries[i % ENTRY_COUNT].name, (size_t)0);
        }
    }
    for (size_t i = 0; i < EACH * ENTRY_COUNT; i++) {
        free(blocks[i]);
    }
}

static void test_empty_products_are_unique(void **state) {
    (void)state;
    void *const left = calloc(hide_size(0), hide_size(1000));
    void *const right = calloc(hide_size(1000), hide_size(0));
    void *const wide = calloc(hide_size(0), hide_size(SIZE_MAX));
    assert_non_null(left);
    assert_non_null(right);
    assert_non_null(wide);
    assert_true(left != right && right != wide && wide != left);
    free(left);
    free(right);
    free(wide);
}

static void test_realloc_to_nothing_frees(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 100, 5000, 40000, 100000, 3000000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const size_t before = resident_bytes();
        for (size_t bytes = 0; bytes < 128 * SUPPORT_MIB; bytes += sizes[i] + 500) {
            void *const block = malloc(hide_size(sizes[i]));
            assert_non_null(block);
            memset(block, 0xa5, sizes[i]);
            errno = EXDEV;
            ASSERT_FOR(realloc(hide(block), hide_size(0)) == NULL, "realloc to", sizes[i]);
            ASSERT_FOR(errno == EXDEV, "realloc to", sizes[i]);
        }
        ASSERT_FOR(resident_bytes() < before + 24 * SUPPORT_MIB, "realloc to", sizes[i]);
    }
}

static void test_failed_realloc_leaves_the_block(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 16, 100, 1024, 5000, 40000, 100000, 1500000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const size_t size = sizes[i];
        char *const block = malloc(hide_size(size));
        assert_non_null(block);
        pattern_fill(block, size, size);
        const size_t usable = malloc_usable_size(block);
        for (size_t j = 0; j < sizeof impossible_sizes / sizeof impossible_sizes[0]; j++) {
            errno = 0;
            ASSERT_FOR(realloc(hide(block), hide_size(impossible_sizes[j])) == NULL, "realloc",
                       impossible_sizes[j]);
            ASSERT_FOR(errno == ENOMEM, "realloc", impossible_sizes[j]);
        }
        ASSERT_FOR(pattern_holds(block, size, size), "realloc of", size);
        ASSERT_FOR(malloc_usable_size(block) == usable, "realloc of", size);
        char *const grown = realloc(hide(block), size + 5000);
        assert_non_null(grown);
        ASSERT_FOR(pattern_holds(grown, size, size), "realloc of", size);
        free(grown);
    }
}

static void test_posix_memalign_refuses_bad_alignments(void **state) {
    (void)state;
    static const size_t bad[] = {0,  1,  2,  3,  4,    5,    7,        9,           12,
                                 15, 17, 24, 40, 1000, 4095, SIZE_MAX, SIZE_MAX - 7};
    static const size_t sizes[] = {0, 100, 100000, PTRDIFF_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
            void *block = &block;
            errno = EXDEV;
            const int error = posix_memalign(&block, hide_size(bad[i]), hide_size(sizes[j]));
            ASSERT_FOR(error == EINVAL, "posix_memalign, alignment", bad[i]);
            ASSERT_FOR(block == &block, "posix_memalign, alignment", bad[i]);
            ASSERT_FOR(errno == EXDEV, "posix_memalign, alignment", bad[i]);
        }
    }
}

static void test_posix_memalign_without_memory_leaves_the_pointer(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof impossible_sizes / sizeof impossible_sizes[0]; i++) {
        for (size_t alignment = sizeof(void *); alignment <= SUPPORT_MIB; alignment *= 8) {
            void *block = &block;
            const int error = posix_memalign(&block, alignment, hide_size(impossible_sizes[i]));
            ASSERT_FOR(error == ENOMEM, "posix_memalign", impossible_sizes[i]);
            ASSERT_FOR(block == &block, "posix_memalign", impossible_sizes[i]);
        }
    }
}

static void test_success_keeps_errno(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 100, 1025, 5000, 33000, 70000, 200000, 5000000, 70000000};
    for (size_t e = 0; e < ENTRY_COUNT; e++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            errno = EXDEV;
            char *block = entries[e].get(sizes[i]);
            ASSERT_FOR(errno == EXDEV, entries[e].name, sizes[i]);
            assert_non_null(block);
            memset(block, 1, sizes[i]);
            (void)malloc_usable_size(block);
            ASSERT_FOR(errno == EXDEV, "malloc_usable_size", sizes[i]);
            block = realloc(hide(block), sizes[i] + 100000);
            ASSERT_FOR(block != NULL && errno == EXDEV, "realloc up", sizes[i]);
            block = realloc(hide(block), sizes[i] / 2 + 1);
            ASSERT_FOR(block != NULL && errno == EXDEV, "realloc down", sizes[i]);
            free(block);
            ASSERT_FOR(errno == EXDEV, "free", sizes[i]);
        }
    }
    errno = EXDEV;
    free(hide(NULL));
    assert_int_equal(errno, EXDEV);
}

int main(void) {
    support_begin(60);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_impossible_sizes_are_refused),
        cmocka_unit_test(test_impossible_alignments_are_refused),
        cmocka_unit_test(test_products_that_overflow_are_refused),
        cmocka_unit_test(test_empty_blocks_are_unique),
        cmocka_unit_test(test_empty_products_are_unique),
        cmocka_unit_test(test_realloc_to_nothing_frees),
        cmocka_unit_test(test_failed_realloc_leaves_the_block),
        cmocka_unit_test(test_posix_memalign_refuses_bad_alignments),
        cmocka_unit_test(test_posix_memalign_without_memory_leaves_the_pointer),
        cmocka_unit_test(test_success_keeps_errno),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Where blocks may start. */
#include "suite.h"

#include <gnu/libc-version.h>

static void test_every_entry_point_aligns(void **state) {
    (void)state;
    assert_true(_Alignof(max_align_t) <= 16);
    size_t sizes[BOUNDARY_MAX];
    const size_t count = boundary_sizes(sizes, 4 * SUPPORT_MIB);
    for (size_t e = 0; e < ENTRY_COUNT; e++) {
        for (size_t i = 0; i < count; i++) {
            /* Two at a time: the first alone may be aligned by luck. */
            void *const first = entries[e].get(sizes[i]);
            void *const second = entries[e].get(sizes[i]);
            ASSERT_FOR(first != NULL && second != NULL, entries[e].name, sizes[i]);
            ASSERT_FOR(is_aligned(first, entries[e].alignment), entries[e].name, sizes[i]);
            ASSERT_FOR(is_aligned(second, entries[e].alignment), entries[e].name, sizes[i]);
            free(first);
            free(second);
        }
    }
}

static void test_every_small_size_is_aligned_to_16(void **state) {
    (void)state;
    enum { SIZES = 4096 };
    static void *blocks[SIZES];
    for (size_t size = 0; size < SIZES; size++) {
        blocks[size] = malloc(hide_size(size));
        ASSERT_FOR(blocks[size] != NULL && is_aligned(blocks[size], 16), "malloc", size);
        blocks[size] = realloc(hide(blocks[size]), size * 3 / 2 + 1);
        ASSERT_FOR(blocks[size] != NULL && is_aligned(blocks[size], 16), "realloc", size);
    }
    for (size_t size = 0; size < SIZES; size++) {
        free(blocks[size]);
    }
}

static void *by_posix_memalign(size_t alignment, size_t size) {
    void *block = NULL;
    const int error = posix_memalign(&block, hide_size(alignment), hide_size(size));
    CHECK((error == 0) == (block != NULL));
    return block;
}

static void *by_aligned_alloc(size_t alignment, size_t size) {
    return aligned_alloc(hide_size(alignment), hide_size(size));
}

static void *by_memalign(size_t alignment, size_t size) {
    return memalign(hide_size(alignment), hide_size(size));
}

struct aligner {
    const char *name;
    void *(*get)(size_t alignment, size_t size);
};

static const struct aligner aligners[] = {
    {"posix_memalign", by_posix_memalign},
    {"aligned_alloc", by_aligned_alloc},
    {"memalign", by_memalign},
};

enum { ALIGNERS = sizeof aligners / sizeof aligners[0] };

/* Three live blocks for each cell of the grid; then they change size, and go in another order. */
static void check_cell(const struct aligner *aligner, size_t alignment, size_t size) {
    unsigned char *blocks[3];
    for (size_t i = 0; i < 3; i++) {
        blocks[i] = aligner->get(alignment, size);
        ASSERT_FOR(blocks[i] != NULL, aligner->name, size);
        ASSERT_FOR(is_aligned(blocks[i], alignment), aligner->name, size);
        ASSERT_FOR(is_aligned(blocks[i], 16), aligner->name, size);
        ASSERT_FOR(malloc_usable_size(blocks[i]) >= size, aligner->name, size);
        pattern_fill(blocks[i], size, alignment + i);
    }
    for (size_t i = 0; i < 3; i++) {
        ASSERT_FOR(pattern_holds(blocks[i], size, alignment + i), aligner->name, size);
    }
    blocks[1] = realloc(hide(blocks[1]), size + size / 2 + 1);
    assert_non_null(blocks[1]);
    blocks[0] = realloc(hide(blocks[0]), size / 2 + 1);
    assert_non_null(blocks[0]);
    ASSERT_FOR(pattern_holds(blocks[1], size, alignment + 1), "realloc", size);
    ASSERT_FOR(pattern_holds(blocks[0], size / 2, alignment), "realloc", size);
    ASSERT_FOR(pattern_holds(blocks[2], size, alignment + 2), aligner->name, size);
    free(blocks[1]);
    free(blocks[2]);
    free(blocks[0]);
}

static void test_grid_of_alignments_and_sizes(void **state) {
    (void)state;
    size_t sizes[BOUNDARY_MAX];
    const size_t count = boundary_sizes(sizes, 140000);
    for (size_t a = 0; a < ALIGNERS; a++) {
        for (size_t alignment = 8; alignment <= SUPPORT_MIB; alignment *= 2) {
            /* Every boundary for one of the three, each third of them for the others. */
            for (size_t i = a; i < count; i += a == 0 ? 1 : 3) {
                check_cell(&aligners[a], alignment, sizes[i]);
            }
            check_cell(&aligners[a], alignment, SUPPORT_MIB);
            check_cell(&aligners[a], alignment, 2 * SUPPORT_MIB + 1);
        }
    }
}

static void test_large_alignments(void **state) {
    (void)state;
    for (size_t alignment = 2 * SUPPORT_MIB; alignment <= 64 * SUPPORT_MIB; alignment *= 2) {
        check_cell(&aligners[0], alignment, 100);
        check_cell(&aligners[2], alignment, 70000);
    }
}

static void test_many_aligned_blocks_lie_apart(void **state) {
    (void)state;
    enum { BLOCKS = 2000 };
    static unsigned char *blocks[BLOCKS];
    static size_t sizes[BLOCKS];
    struct support_random random = {7};
    for (size_t i = 0; i < 3 * BLOCKS; i++) {
        const size_t slot = i < BLOCKS ? i : random_below(&random, BLOCKS);
        if (blocks[slot] != NULL) {
            ASSERT_FOR(pattern_holds(blocks[slot], sizes[slot], slot), "block", sizes[slot]);
            free(blocks[slot]);
        }
        const size_t alignment = (size_t)8 << random_below(&random, 10);
        sizes[slot] = random_size(&random, 8192);
        blocks[slot] = aligners[i % ALIGNERS].get(alignment, sizes[slot]);
        ASSERT_FOR(is_aligned(blocks[slot], alignment), "block", sizes[slot]);
        pattern_fill(blocks[slot], sizes[slot], slot);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        ASSERT_FOR(pattern_holds(blocks[i], sizes[i], i), "block", sizes[i]);
        free(blocks[i]);
    }
}

static void test_memalign_rounds_up_to_a_power_of_two(void **state) {
    (void)state;
    static const size_t cases[][2] = {
        {0, 16},      {1, 16},      {2, 16},        {3, 16},         {7, 16},
        {15, 16},     {17, 32},     {24, 32},       {31, 32},        {33, 64},
        {48, 64},     {100, 128},   {129, 256},     {500, 512},      {513, 1024},
        {3000, 4096}, {4097, 8192}, {10000, 16384}, {65537, 131072},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t size = 1; size < 300000; size *= 7) {
            void *blocks[4];
            for (size_t j = 0; j < 4; j++) {
                blocks[j] = memalign(hide_size(cases[i][0]), hide_size(size));
                ASSERT_FOR(blocks[j] != NULL, "memalign to", cases[i][0]);
                ASSERT_FOR(is_aligned(blocks[j], cases[i][1]), "memalign to", cases[i][0]);
            }
            for (size_t j = 0; j < 4; j++) {
                free(blocks[j]);
            }
        }
    }
}

static bool c_library_refuses_odd_alignments(void) {
    int major = 0;
    int minor = 0;
    CHECK(sscanf(gnu_get_libc_version(), "%d.%d", &major, &minor) == 2);
    return !library_present() && (major > 2 || minor >= 38);
}

static void test_aligned_alloc_is_lenient(void **state) {
    (void)state;
    /* Sizes need not be multiples of the alignment. */
    for (size_t size = 0; size < 5000; size += 333) {
        void *const block = aligned_alloc(256, hide_size(size));
        ASSERT_FOR(block != NULL && is_aligned(block, 256), "aligned_alloc", size);
        free(block);
    }
    /* glibc is as lenient about the alignment up to 2.37, and refuses from 2.38. */
    errno = 0;
    void *const block = aligned_alloc(hide_size(48), 100);
    if (c_library_refuses_odd_alignments()) {
        assert_null(block);
        assert_int_equal(errno, EINVAL);
        return;
    }
    assert_non_null(block);
    assert_true(is_aligned(block, 64));
    free(block);
}

static void test_valloc_and_pvalloc_give_pages(void **state) {
    (void)state;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t size = 0; size < 300000; size = size * 3 / 2 + 1) {
        unsigned char *const block = valloc(hide_size(size));
        ASSERT_FOR(block != NULL && is_aligned(block, page), "valloc", size);
        memset(block, 1, size);
        unsigned char *const pages = pvalloc(hide_size(size));
        ASSERT_FOR(pages != NULL && is_aligned(pages, page), "pvalloc", size);
        const size_t whole = (size + page - 1) / page * page;
        ASSERT_FOR(malloc_usable_size(pages) >= whole, "pvalloc", size);
        memset(pages, 2, whole);
        ASSERT_FOR(size == 0 || block[size - 1] == 1, "valloc", size);
        free(block);
        free(pages);
    }
}

int main(void) {
    support_begin(60);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_entry_point_aligns),
        cmocka_unit_test(test_every_small_size_is_aligned_to_16),
        cmocka_unit_test(test_grid_of_alignments_and_sizes),
        cmocka_unit_test(test_large_alignments),
        cmocka_unit_test(test_many_aligned_blocks_lie_apart),
        cmocka_unit_test(test_memalign_rounds_up_to_a_power_of_two),
        cmocka_unit_test(test_aligned_alloc_is_lenient),
        cmocka_unit_test(test_valloc_and_pvalloc_give_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* calloc: zero, whatever the memory was used for before. */
#include "suite.h"

static const size_t zeroing_limit = 1024 * 1024;

/* Fresh or not, the block must be zero; it goes back full of ones, for the next to find. */
static void check_zero(size_t count, size_t size) {
    unsigned char *const block = calloc(hide_size(count), hide_size(size));
    ASSERT_FOR(block != NULL, "calloc", count * size);
    ASSERT_FOR(all_zero(block, count * size), "calloc", count * size);
    memset(block, 0xff, malloc_usable_size(block));
    free(block);
}

static void test_every_small_size(void **state) {
    (void)state;
    for (size_t size = 0; size <= 4200; size++) {
        check_zero(1, size);
        check_zero(size, 1);
    }
}

static void test_boundaries_up_to_a_mebibyte(void **state) {
    (void)state;
    size_t sizes[BOUNDARY_MAX];
    const size_t count = boundary_sizes(sizes, zeroing_limit);
    for (size_t i = 0; i < count; i++) {
        for (size_t turn = 0; turn < 4; turn++) {
            check_zero(1, sizes[i]);
        }
    }
}

static void test_products(void **state) {
    (void)state;
    for (size_t count = 1; count <= zeroing_limit; count = count * 5 / 2 + 1) {
        for (size_t size = 1; size * count <= zeroing_limit; size = size * 5 / 2 + 1) {
            check_zero(count, size);
            check_zero(size, count);
        }
    }
}

static void test_many_live_blocks(void **state) {
    (void)state;
    enum { BLOCKS = 4000, TURNS = 3 };
    static unsigned char *blocks[BLOCKS];
    struct support_random random = {11};
    for (size_t turn = 0; turn < TURNS; turn++) {
        for (size_t i = 0; i < BLOCKS; i++) {
            const size_t size = random_size(&random, 60000);
            blocks[i] = calloc(1, hide_size(size));
            ASSERT_FOR(blocks[i] != NULL, "calloc", size);
            ASSERT_FOR(all_zero(blocks[i], size), "calloc", size);
            memset(blocks[i], 0xff, size);
        }
        for (size_t i = 0; i < BLOCKS; i++) {
            free(blocks[(i * 7) % BLOCKS]);
        }
    }
}

/* What one size left behind is given out again as another. */
static void test_memory_of_other_sizes(void **state) {
    (void)state;
    static const size_t sizes[] = {24, 100, 1000, 4096, 9000, 33000, 70000, 250000, 900000};
    enum { SIZES = sizeof sizes / sizeof sizes[0], MOST = 4000 };
    static unsigned char *blocks[MOST];
    for (size_t dirty = 0; dirty < SIZES; dirty++) {
        for (size_t wanted = 0; wanted < SIZES; wanted++) {
            size_t count = 4 * SUPPORT_MIB / sizes[dirty];
            count = count < MOST ? count : MOST;
            for (size_t i = 0; i < count; i++) {
                blocks[i] = malloc(hide_size(sizes[dirty]));
                assert_non_null(blocks[i]);
                memset(blocks[i], 0xff, sizes[dirty]);
            }
            for (size_t i = 0; i < count; i++) {
                free(blocks[i]);
            }
            for (size_t i = 0; i * sizes[wanted] < 2 * SUPPORT_MIB; i++) {
                check_zero(1, sizes[wanted]);
            }
        }
    }
}

static void test_large_blocks(void **state) {
    (void)state;
    static const size_t sizes[] = {2, 3, 5, 8, 13, 33, 64};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        check_zero(1, sizes[i] * SUPPORT_MIB - 24);
        check_zero(4, sizes[i] * SUPPORT_MIB / 4);
        check_zero(1, sizes[i] * SUPPORT_MIB);
    }
}

/* Part of what was grown or shrunk was never written, part was. */
static void test_after_realloc(void **state) {
    (void)state;
    for (size_t size = 1000; size < 8 * SUPPORT_MIB; size = size * 3 / 2) {
        unsigned char *block = malloc(hide_size(size));
        assert_non_null(block);
        memset(block, 0xff, size);
        block = realloc(hide(block), size * 3);
        assert_non_null(block);
        memset(block, 0xff, size * 3);
        block = realloc(hide(block), size / 2);
        assert_non_null(block);
        check_zero(1, size);
        check_zero(1, size * 3);
        free(block);
        check_zero(1, size * 2);
    }
}

int main(void) {
    support_begin(90);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_small_size),
        cmocka_unit_test(test_boundaries_up_to_a_mebibyte),
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_many_live_blocks),
        cmocka_unit_test(test_memory_of_other_sizes),
        cmocka_unit_test(test_large_blocks),
        cmocka_unit_test(test_after_realloc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "host/large.h"

static const struct cm_region *region_of(const void *block) {
    assert_non_null(block);
    const struct cm_region *const region = cm_region_of(block);
    assert_non_null(region);
    assert_true(cm_is_large(region, block));
    return region;
}

static void release(void *block) {
    assert_true(cm_runs_free_large(cm_run_at(region_of(block), block)));
}

static size_t size_of(const void *block) {
    return cm_large_size(cm_run_at(region_of(block), block));
}

static void sizes_are_whole_chunks(void **state) {
    (void)state;
    static const size_t sizes[][2] = {{0, 4096},    {1, 4096},      {4096, 4096},
                                      {4097, 8192}, {32769, 36864}, {1000000, 1003520}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        void *const block = cm_large_alloc(sizes[i][0], 16, false);
        assert_int_equal(size_of(block), sizes[i][1]);
        assert_true(is_aligned(block, CM_CHUNK_SIZE));
        release(block);
    }
}

static void only_the_start_is_a_large_block(void **state) {
    (void)state;
    unsigned char *const block = cm_large_alloc(40000, 16, false);
    const struct cm_region *const region = region_of(block);
    assert_false(cm_is_large(region, block + 1));
    assert_false(cm_is_large(region, block + 16));
    assert_false(cm_is_large(region, block + CM_CHUNK_SIZE));
    release(block);
    assert_false(cm_is_large(region, block));
    assert_false(cm_runs_free_large(cm_run_at(region, block)));
}

static void every_alignment(void **state) {
    (void)state;
    for (size_t alignment = 1; alignment <= (size_t)8 << 20; alignment *= 2) {
        void *const first = cm_large_alloc(5000, alignment, false);
        void *const second = cm_large_alloc(5000, alignment, false);
        assert_true(is_aligned(first, alignment));
        assert_true(is_aligned(second, alignment));
        assert_int_equal(size_of(first), 8192);
        release(first);
        release(second);
    }
}

static void zeroed_blocks_are_zero(void **state) {
    (void)state;
    for (size_t size = 4096; size <= (size_t)4 << 20; size = size * 3 / 2 + 1000) {
        void *const used = cm_large_alloc(size, 16, false);
        memset(used, 0xee, size_of(used));
        release(used);
        void *const block = cm_large_alloc(size * 2, 16, true);
        assert_true(all_zero(block, size * 2));
        memset(block, 0xee, size_of(block));
        release(block);
    }
}

static void growing_in_place_keeps_the_contents(void **state) {
    (void)state;
    void *const block = cm_large_alloc(10000, 16, false);
    const struct cm_run run = cm_run_at(region_of(block), block);
    pattern_fill(block, 10000, 1);
    for (size_t size = 10000; size < (size_t)8 << 20; size *= 2) {
        assert_true(cm_large_resize(run, size));
        assert_true(size_of(block) >= size && size_of(block) < size + CM_CHUNK_SIZE);
        assert_true(pattern_holds(block, 10000, 1));
        memset((unsigned char *)block + 10000, 1, size - 10000);
    }
    assert_true(cm_large_resize(run, 1));
    assert_int_equal(size_of(block), CM_CHUNK_SIZE);
    assert_true(pattern_holds(block, CM_CHUNK_SIZE, 1));
    release(block);
}

static void a_block_with_a_neighbour_stays_as_it_is(void **state) {
    (void)state;
    void *const block = cm_large_alloc(8192, 16, false);
    void *const neighbour = cm_large_alloc(8192, 16, false);
    assert_ptr_equal(neighbour, (unsigned char *)block + 8192);
    assert_false(cm_large_resize(cm_run_at(region_of(block), block), 8193));
    assert_int_equal(size_of(block), 8192);
    release(neighbour);
    release(block);
}

static void impossible_sizes_are_refused(void **state) {
    (void)state;
    assert_null(cm_large_alloc(PTRDIFF_MAX, 16, false));
    assert_null(cm_large_alloc((size_t)PTRDIFF_MAX - 4096, 16, true));
    assert_null(cm_large_alloc((size_t)1 << 46, 16, false));
    assert_null(cm_large_alloc(4096, (size_t)1 << 62, false));
    void *const block = cm_large_alloc(4096, 16, false);
    assert_false(cm_large_resize(cm_run_at(region_of(block), block), PTRDIFF_MAX));
    assert_int_equal(size_of(block), 4096);
    release(block);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_whole_chunks),
        cmocka_unit_test(only_the_start_is_a_large_block),
        cmocka_unit_test(every_alignment),
        cmocka_unit_test(zeroed_blocks_are_zero),
        cmocka_unit_test(growing_in_place_keeps_the_contents),
        cmocka_unit_test(a_block_with_a_neighbour_stays_as_it_is),
        cmocka_unit_test(impossible_sizes_are_refused),
    };
    return cmocka_run_group_tests_name("large", tests, NULL, NULL);
}

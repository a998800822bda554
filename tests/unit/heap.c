/* SPDX-License-Identifier: MIT */
#include "fixture.h"

static void sizes_are_rounded_up_to_chunks(void **state) {
    (void)state;
    for (uint32_t unit = 16; unit <= 4096; unit *= 4) {
        struct fixture fixture;
        fixture_create(&fixture, 300, unit, fixture_flags);
        for (size_t power = 1; power <= (size_t)256 * unit; power *= 2) {
            for (size_t size = power - 1; size <= power + 1; size++) {
                void *const block = chunk_alloc(&fixture.heap, size);
                const size_t wanted = size == 0 ? unit : (size + unit - 1) / unit * unit;
                assert_non_null(block);
                assert_true(is_aligned(block, unit));
                assert_int_equal(chunk_usable_size(&fixture.heap, block), wanted);
                chunk_free(&fixture.heap, block);
            }
        }
        fixture_end(&fixture);
    }
}

static void size_zero_gives_blocks_of_their_own(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 3, 64, fixture_flags);
    void *const first = chunk_alloc(&fixture.heap, 0);
    void *const second = chunk_alloc_zeroed(&fixture.heap, 0);
    void *const third = chunk_alloc_aligned(&fixture.heap, 1, 0);
    assert_non_null(first);
    assert_non_null(second);
    assert_non_null(third);
    assert_true(first != second && second != third && first != third);
    assert_null(chunk_alloc(&fixture.heap, 0));
    chunk_free(&fixture.heap, second);
    assert_ptr_equal(chunk_realloc(&fixture.heap, NULL, 0), second);
    fixture_end(&fixture);
}

static void one_block_can_be_the_whole_heap(void **state) {
    (void)state;
    static const uint32_t counts[] = {1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 1000, 4097};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct fixture fixture;
        fixture_create(&fixture, counts[i], 16, fixture_flags);
        const size_t size = chunk_heap_capacity(&fixture.heap);
        for (int round = 0; round < 2; round++) {
            assert_null(chunk_alloc(&fixture.heap, size + 1));
            void *const block = chunk_alloc(&fixture.heap, size);
            assert_ptr_equal(block, fixture.memory.bytes);
            assert_null(chunk_alloc(&fixture.heap, 0));
            chunk_free_sized(&fixture.heap, block, size);
        }
        fixture_end(&fixture);
    }
}

static void impossible_sizes_are_refused(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 8, 16, fixture_flags);
    unsigned char *const block = fixture_block(&fixture, 2, 1);
    const size_t sizes[] = {
        8 * 16 + 1,   SIZE_MAX,        SIZE_MAX - 1,          SIZE_MAX - 14,    SIZE_MAX - 15,
        SIZE_MAX / 2, (size_t)1 << 36, ((size_t)1 << 36) + 1, (size_t)16 << 31,
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const size_t size = hide_size(sizes[i]);
        assert_null(chunk_alloc(&fixture.heap, size));
        assert_null(chunk_alloc_zeroed(&fixture.heap, size));
        assert_null(chunk_alloc_aligned(&fixture.heap, 64, size));
        assert_null(chunk_realloc(&fixture.heap, NULL, size));
        assert_null(chunk_realloc(&fixture.heap, block, size));
        assert_false(chunk_resize(&fixture.heap, block, size));
        assert_int_equal(fixture_stats(&fixture).used, 2);
    }
    fixture_assert_pattern(&fixture, block, 2, 1);
    fixture_end(&fixture);
}

static void a_full_heap_serves_again_after_a_free(void **state) {
    (void)state;
    struct fixture fixture;
    void *blocks[130];
    fixture_create(&fixture, 130, 32, fixture_flags);
    for (size_t i = 0; i < 130; i++) {
        blocks[i] = fixture_block(&fixture, 1, i);
    }
    assert_null(chunk_alloc(&fixture.heap, 1));
    for (size_t i = 0; i < 130; i++) {
        fixture_assert_pattern(&fixture, blocks[i], 1, i);
        chunk_free(&fixture.heap, blocks[i]);
        assert_ptr_equal(chunk_alloc(&fixture.heap, 32), blocks[i]);
        assert_null(chunk_alloc(&fixture.heap, 1));
    }
    fixture_end(&fixture);
}

static void free_neighbours_are_joined_in_every_order(void **state) {
    (void)state;
    static const uint8_t orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                        {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (size_t order = 0; order < sizeof orders / sizeof *orders; order++) {
        struct fixture fixture;
        void *blocks[3];
        fixture_create(&fixture, 71, 16, fixture_flags);
        blocks[0] = fixture_block(&fixture, 3, 0);
        blocks[1] = fixture_block(&fixture, 62, 1);
        blocks[2] = fixture_block(&fixture, 5, 2);
        void *const last = fixture_block(&fixture, 1, 3);
        for (size_t i = 0; i < 3; i++) {
            chunk_free(&fixture.heap, blocks[orders[order][i]]);
        }
        assert_int_equal(fixture_stats(&fixture).free_runs, 1);
        assert_ptr_equal(chunk_alloc(&fixture.heap, (size_t)70 * 16), fixture.memory.bytes);
        chunk_free(&fixture.heap, fixture.memory.bytes);
        chunk_free(&fixture.heap, last);
        assert_int_equal(fixture_stats(&fixture).free_runs, 0);
        assert_int_equal(fixture_stats(&fixture).frontier, 0);
        fixture_end(&fixture);
    }
}

static void free_chunks_below_and_above_the_frontier_make_one_run(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 20, 16, fixture_flags);
    void *const first = fixture_block(&fixture, 4, 0);
    void *const second = fixture_block(&fixture, 6, 1);
    chunk_free(&fixture.heap, second);
    assert_ptr_equal(chunk_alloc(&fixture.heap, (size_t)16 * 16), second);
    assert_null(chunk_alloc(&fixture.heap, 1));
    chunk_free(&fixture.heap, first);
    fixture_end(&fixture);
}

/* Fills the heap but for gaps of the given lengths, a block apart. */
static void leave_gaps(const struct fixture *fixture, const uint32_t *lengths, size_t count) {
    void *gaps[32];
    for (size_t i = 0; i < count; i++) {
        gaps[i] = fixture_block(fixture, lengths[i], 0);
        (void)fixture_block(fixture, 1, 0);
    }
    while (chunk_alloc(&fixture->heap, 1) != NULL) {
    }
    for (size_t i = 0; i < count; i++) {
        chunk_free(&fixture->heap, gaps[i]);
    }
}

static void short_blocks_find_the_only_gap(void **state) {
    (void)state;
    for (uint32_t length = 1; length < 32; length++) {
        for (uint32_t more = 0; more < 3; more++) {
            struct fixture fixture;
            const uint32_t gaps[] = {length > 1 ? length - 1 : 1, length + more};
            fixture_create(&fixture, 80, 16, fixture_flags);
            leave_gaps(&fixture, gaps, length > 1 ? 2 : 1);
            assert_non_null(chunk_alloc(&fixture.heap, (size_t)length * 16));
            fixture_end(&fixture);
        }
    }
}

/* CHUNK_HEAP_SEARCH_MAX runs are looked at: seven that are too short do not hide the eighth. */
static void long_blocks_find_the_last_of_eight_gaps(void **state) {
    (void)state;
    for (uint32_t place = 0; place < CHUNK_HEAP_SEARCH_MAX; place++) {
        struct fixture fixture;
        uint32_t gaps[CHUNK_HEAP_SEARCH_MAX];
        for (uint32_t i = 0; i < CHUNK_HEAP_SEARCH_MAX; i++) {
            gaps[i] = i == place ? 131 : 128;
        }
        fixture_create(&fixture, 3000, 16, fixture_flags);
        leave_gaps(&fixture, gaps, CHUNK_HEAP_SEARCH_MAX);
        assert_non_null(chunk_alloc(&fixture.heap, (size_t)131 * 16));
        fixture_end(&fixture);
    }
}

/* No more are looked at, so that the time does not depend on how many there are. */
static void the_search_ends_after_eight_gaps(void **state) {
    (void)state;
    struct fixture fixture;
    uint32_t gaps[CHUNK_HEAP_SEARCH_MAX + 1] = {131};
    for (uint32_t i = 1; i <= CHUNK_HEAP_SEARCH_MAX; i++) {
        gaps[i] = 128;
    }
    fixture_create(&fixture, 3000, 16, fixture_flags);
    leave_gaps(&fixture, gaps, CHUNK_HEAP_SEARCH_MAX + 1);
    assert_null(chunk_alloc(&fixture.heap, (size_t)131 * 16));
    void *const shorter = chunk_alloc(&fixture.heap, (size_t)128 * 16);
    assert_non_null(shorter);
    assert_non_null(chunk_alloc(&fixture.heap, (size_t)131 * 16));
    fixture_end(&fixture);
}

static void a_gap_longer_by_a_32nd_is_always_found(void **state) {
    (void)state;
    for (uint32_t length = 32; length <= 2048; length += length / 3) {
        struct fixture fixture;
        uint32_t gaps[20];
        for (size_t i = 0; i < 20; i++) {
            gaps[i] = length - 1;
        }
        gaps[0] = length + (length + 31) / 32;
        fixture_create(&fixture, 20 * (length + 3), 16, fixture_flags);
        leave_gaps(&fixture, gaps, 20);
        assert_non_null(chunk_alloc(&fixture.heap, (size_t)length * 16));
        fixture_end(&fixture);
    }
}

static void freeing_nothing_is_allowed(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 1, 16, fixture_flags);
    chunk_free(&fixture.heap, NULL);
    chunk_free_sized(&fixture.heap, NULL, 5);
    assert_int_equal(chunk_usable_size(&fixture.heap, NULL), 0);
    fixture_end(&fixture);
}

static void sized_free_takes_every_size_of_the_block(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 8, 32, fixture_flags);
    for (size_t size = 0; size <= (size_t)8 * 32; size++) {
        void *const block = chunk_alloc(&fixture.heap, size);
        const size_t first = size <= 32 ? 0 : (size - 1) / 32 * 32 + 1;
        chunk_free_sized(&fixture.heap, block, first);
        assert_int_equal(fixture_stats(&fixture).used, 0);
        assert_ptr_equal(chunk_alloc(&fixture.heap, size), block);
        chunk_free_sized(&fixture.heap, block, size <= 32 ? 32 : (size + 31) / 32 * 32);
        assert_int_equal(fixture_stats(&fixture).used, 0);
    }
    fixture_end(&fixture);
}

static void contains_knows_the_borders(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 5, 256, fixture_flags);
    const unsigned char *const memory = fixture.memory.bytes;
    const uintptr_t start = (uintptr_t)memory;
    assert_true(chunk_heap_contains(&fixture.heap, memory));
    assert_true(chunk_heap_contains(&fixture.heap, memory + 1279));
    assert_false(chunk_heap_contains(&fixture.heap, memory + 1280));
    assert_false(chunk_heap_contains(&fixture.heap, (const void *)(start - 1)));
    assert_false(chunk_heap_contains(&fixture.heap, NULL));
    assert_false(chunk_heap_contains(&fixture.heap, (const void *)UINTPTR_MAX));
    assert_false(chunk_heap_contains(&fixture.heap, (const void *)(start ^ (uintptr_t)1 << 63)));
    fixture_end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_rounded_up_to_chunks),
        cmocka_unit_test(size_zero_gives_blocks_of_their_own),
        cmocka_unit_test(one_block_can_be_the_whole_heap),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(a_full_heap_serves_again_after_a_free),
        cmocka_unit_test(free_neighbours_are_joined_in_every_order),
        cmocka_unit_test(free_chunks_below_and_above_the_frontier_make_one_run),
        cmocka_unit_test(short_blocks_find_the_only_gap),
        cmocka_unit_test(long_blocks_find_the_last_of_eight_gaps),
        cmocka_unit_test(the_search_ends_after_eight_gaps),
        cmocka_unit_test(a_gap_longer_by_a_32nd_is_always_found),
        cmocka_unit_test(freeing_nothing_is_allowed),
        cmocka_unit_test(sized_free_takes_every_size_of_the_block),
        cmocka_unit_test(contains_knows_the_borders),
    };
    return cmocka_run_group_tests_name("heap, nodes inside", tests, fixture_inside, NULL) +
           cmocka_run_group_tests_name("heap, nodes outside", tests, fixture_outside, NULL);
}

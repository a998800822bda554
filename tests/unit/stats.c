/* SPDX-License-Identifier: MIT */
#include "fixture.h"

static void an_empty_heap_is_all_zero(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 1000, 256, fixture_flags);
    const struct chunk_heap_stats stats = fixture_stats(&fixture);
    assert_int_equal(stats.chunk_size, 256);
    assert_int_equal(stats.chunks, 1000);
    assert_int_equal(stats.available, 1000);
    assert_int_equal(stats.bookkeeping, fixture.beside.size);
    assert_int_equal(stats.used | stats.peak | stats.frontier | stats.live_blocks, 0);
    assert_int_equal(stats.free_runs | stats.failures | stats.allocations, 0);
    assert_int_equal(chunk_heap_usage(&fixture.heap), 0);
    fixture_end(&fixture);
}

static void every_change_is_counted(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 1000, 256, fixture_flags);
    void *const first = chunk_alloc(&fixture.heap, 300);
    void *const second = chunk_alloc_zeroed(&fixture.heap, 1);
    void *const third = chunk_realloc(&fixture.heap, NULL, 10 * 256);
    assert_null(chunk_alloc(&fixture.heap, 1001 * 256));
    assert_null(chunk_alloc(&fixture.heap, 990 * 256));
    chunk_free(&fixture.heap, second);
    struct chunk_heap_stats stats = fixture_stats(&fixture);
    assert_int_equal(stats.used, 12);
    assert_int_equal(stats.peak, 13);
    assert_int_equal(stats.frontier, 13);
    assert_int_equal(stats.live_blocks, 2);
    assert_int_equal(stats.free_runs, 1);
    assert_int_equal(stats.failures, 2);
    assert_int_equal(stats.allocations, 3);
    assert_int_equal(stats.granted, 13);
    assert_int_equal(stats.largest_free, 1000 - 13);
    assert_true(chunk_resize(&fixture.heap, third, 5 * 256));
    assert_true(chunk_resize(&fixture.heap, first, 3 * 256));
    stats = fixture_stats(&fixture);
    assert_int_equal(stats.used, 8);
    assert_int_equal(stats.peak, 13);
    assert_int_equal(stats.frontier, 8);
    assert_int_equal(stats.touched, 13);
    assert_int_equal(stats.free_runs, 0);
    chunk_free(&fixture.heap, first);
    chunk_free(&fixture.heap, third);
    stats = fixture_stats(&fixture);
    assert_int_equal(stats.used | stats.live_blocks, 0);
    assert_int_equal(stats.free_runs, 0);
    assert_int_equal(stats.frontier, 0);
    assert_int_equal(stats.touched, 13);
    assert_int_equal(stats.largest_free, 1000);
    assert_int_equal(stats.allocations, 3);
    fixture_end(&fixture);
}

/* Only what is refused: not what is asked for in vain on the way to an answer. */
static void a_block_that_slides_is_no_failure(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 8, 16, fixture_flags);
    void *const low = fixture_block(&fixture, 4, 0);
    void *const high = fixture_block(&fixture, 4, 0);
    chunk_free(&fixture.heap, low);
    assert_ptr_equal(chunk_realloc(&fixture.heap, high, 6 * 16), low);
    assert_int_equal(fixture_stats(&fixture).failures, 0);
    fixture_end(&fixture);
}

static void usage_is_in_hundredths_of_a_percent_rounded_down(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 7, 16, fixture_flags);
    static const unsigned usages[] = {1428, 2857, 4285, 5714, 7142, 8571, 10000};
    for (size_t i = 0; i < 7; i++) {
        (void)fixture_block(&fixture, 1, 0);
        assert_int_equal(chunk_heap_usage(&fixture.heap), usages[i]);
    }
    fixture_end(&fixture);
}

static void usage_does_not_overflow(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 1000000, 16, CHUNK_HEAP_NODES_OUTSIDE);
    assert_non_null(chunk_alloc(&fixture.heap, (size_t)999999 * 16));
    assert_int_equal(chunk_heap_usage(&fixture.heap), 9999);
    assert_non_null(chunk_alloc(&fixture.heap, 16));
    assert_int_equal(chunk_heap_usage(&fixture.heap), 10000);
    fixture_end(&fixture);
}

static void constants_are_those_of_the_definition(void **state) {
    (void)state;
    for (uint32_t unit = 16; unit <= 4096; unit *= 2) {
        struct fixture fixture;
        fixture_create(&fixture, 9, unit, fixture_flags);
        assert_int_equal(chunk_heap_capacity(&fixture.heap), 9 * unit);
        assert_int_equal(chunk_heap_chunk_count(&fixture.heap), 9);
        assert_int_equal(chunk_heap_chunk_size(&fixture.heap), unit);
        assert_int_equal(chunk_heap_min_alignment(&fixture.heap), unit);
        fixture_end(&fixture);
    }
}

/* So that it takes constant time, only the first few runs of the longest kind are looked at. */
static void the_largest_free_run_may_be_missed_by_little(void **state) {
    (void)state;
    enum { LENGTH = 64, MANY = CHUNK_HEAP_SEARCH_MAX };
    struct fixture fixture;
    fixture_create(&fixture, (MANY + 1) * (LENGTH + 1) + 1, 16, fixture_flags);
    void *const longest = fixture_block(&fixture, LENGTH + 1, 0);
    void *others[MANY];
    for (size_t i = 0; i < MANY; i++) {
        (void)fixture_block(&fixture, 1, 0);
        others[i] = fixture_block(&fixture, LENGTH, 0);
    }
    (void)fixture_block(&fixture, 1, 0);
    assert_int_equal(fixture_stats(&fixture).largest_free, 0);
    chunk_free(&fixture.heap, longest);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(fixture_stats(&fixture).largest_free, LENGTH + 1);
        chunk_free(&fixture.heap, others[i]);
    }
    assert_int_equal(fixture_stats(&fixture).largest_free, LENGTH);
    assert_non_null(chunk_alloc(&fixture.heap, LENGTH * 16));
    assert_int_equal(fixture_stats(&fixture).largest_free, LENGTH + 1);
    fixture_end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_heap_is_all_zero),
        cmocka_unit_test(every_change_is_counted),
        cmocka_unit_test(a_block_that_slides_is_no_failure),
        cmocka_unit_test(usage_is_in_hundredths_of_a_percent_rounded_down),
        cmocka_unit_test(usage_does_not_overflow),
        cmocka_unit_test(the_largest_free_run_may_be_missed_by_little),
        cmocka_unit_test(constants_are_those_of_the_definition),
    };
    return cmocka_run_group_tests_name("stats, nodes inside", tests, fixture_inside, NULL) +
           cmocka_run_group_tests_name("stats, nodes outside", tests, fixture_outside, NULL);
}

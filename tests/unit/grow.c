/* SPDX-License-Identifier: MIT */
/* Heaps that grow: chunk_heap_extend and chunk_heap_truncate. */
#include "fixture.h"

enum { UNIT = 32, CHUNKS = 100 };

static void create(struct fixture *fixture, size_t available) {
    fixture_create(fixture, CHUNKS, UNIT, fixture_flags | CHUNK_HEAP_GROWS);
    assert_true(chunk_heap_extend(&fixture->heap, available));
}

static size_t available(const struct fixture *fixture) {
    return fixture_stats(fixture).available;
}

static void nothing_is_available_at_first(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, CHUNKS, UNIT, fixture_flags | CHUNK_HEAP_GROWS);
    assert_int_equal(available(&fixture), 0);
    assert_int_equal(chunk_heap_usage(&fixture.heap), 0);
    assert_int_equal(chunk_heap_chunk_count(&fixture.heap), CHUNKS);
    assert_null(chunk_alloc(&fixture.heap, 0));
    assert_null(chunk_alloc_aligned(&fixture.heap, 64, 1));
    assert_null(chunk_alloc_zeroed(&fixture.heap, 1));
    assert_int_equal(fixture_stats(&fixture).frontier, 0);
    fixture_end(&fixture);
}

static void extending_makes_chunks_available(void **state) {
    (void)state;
    struct fixture fixture;
    create(&fixture, 0);
    for (size_t chunks = 1; chunks <= CHUNKS; chunks++) {
        assert_true(chunk_heap_extend(&fixture.heap, chunks));
        assert_int_equal(available(&fixture), chunks);
        assert_ptr_equal(fixture_block(&fixture, 1, chunks), fixture_chunk(&fixture, chunks - 1));
        assert_null(chunk_alloc(&fixture.heap, 1));
        assert_int_equal(chunk_heap_usage(&fixture.heap), 10000);
    }
    for (size_t chunks = 0; chunks < CHUNKS; chunks++) {
        fixture_assert_pattern(&fixture, fixture_chunk(&fixture, chunks), 1, chunks + 1);
    }
    fixture_end(&fixture);
}

static void extending_to_less_or_too_much_changes_nothing(void **state) {
    (void)state;
    struct fixture fixture;
    create(&fixture, 50);
    assert_true(chunk_heap_extend(&fixture.heap, 50));
    assert_true(chunk_heap_extend(&fixture.heap, 0));
    assert_false(chunk_heap_extend(&fixture.heap, CHUNKS + 1));
    assert_false(chunk_heap_extend(&fixture.heap, (size_t)1 << 32));
    assert_false(chunk_heap_extend(&fixture.heap, SIZE_MAX));
    assert_int_equal(available(&fixture), 50);
    fixture_end(&fixture);
}

static void free_chunks_join_those_that_are_new(void **state) {
    (void)state;
    struct fixture fixture;
    create(&fixture, 10);
    void *const block = fixture_block(&fixture, 10, 0);
    assert_false(chunk_resize(&fixture.heap, block, 11 * UNIT));
    assert_true(chunk_heap_extend(&fixture.heap, 12));
    assert_true(chunk_resize(&fixture.heap, block, 12 * UNIT));
    chunk_free(&fixture.heap, block);
    assert_true(chunk_heap_extend(&fixture.heap, 20));
    assert_ptr_equal(chunk_alloc(&fixture.heap, 20 * UNIT), block);
    fixture_end(&fixture);
}

static void truncating_stops_at_the_frontier(void **state) {
    (void)state;
    struct fixture fixture;
    create(&fixture, 60);
    void *const low = fixture_block(&fixture, 10, 0);
    void *const high = fixture_block(&fixture, 20, 0);
    chunk_free(&fixture.heap, high);
    assert_false(chunk_heap_truncate(&fixture.heap, 29));
    assert_false(chunk_heap_truncate(&fixture.heap, 0));
    assert_int_equal(available(&fixture), 60);
    assert_true(chunk_heap_truncate(&fixture.heap, 31));
    assert_int_equal(available(&fixture), 31);
    assert_true(chunk_heap_truncate(&fixture.heap, 30));
    assert_ptr_equal(chunk_alloc(&fixture.heap, 20 * UNIT), high);
    assert_null(chunk_alloc(&fixture.heap, 1));
    chunk_free(&fixture.heap, low);
    assert_true(chunk_heap_extend(&fixture.heap, 40));
    assert_ptr_equal(chunk_alloc(&fixture.heap, 10 * UNIT), low);
    assert_ptr_equal(chunk_alloc(&fixture.heap, 10 * UNIT), fixture_chunk(&fixture, 30));
    fixture_end(&fixture);
}

static void a_fixed_heap_does_neither(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, CHUNKS, UNIT, fixture_flags);
    assert_false(chunk_heap_extend(&fixture.heap, CHUNKS));
    assert_false(chunk_heap_truncate(&fixture.heap, CHUNKS));
    assert_false(chunk_heap_truncate(&fixture.heap, 0));
    assert_int_equal(available(&fixture), CHUNKS);
    fixture_end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_available_at_first),
        cmocka_unit_test(extending_makes_chunks_available),
        cmocka_unit_test(extending_to_less_or_too_much_changes_nothing),
        cmocka_unit_test(free_chunks_join_those_that_are_new),
        cmocka_unit_test(truncating_stops_at_the_frontier),
        cmocka_unit_test(a_fixed_heap_does_neither),
    };
    return cmocka_run_group_tests_name("grow, nodes inside", tests, fixture_inside, NULL) +
           cmocka_run_group_tests_name("grow, nodes outside", tests, fixture_outside, NULL);
}

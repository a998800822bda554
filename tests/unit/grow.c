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
    assert_false(chunk_heap_truncate(&fixture.heap, 9));
    assert_false(chunk_heap_truncate(&fixture.heap, 0));
    assert_int_equal(available(&fixture), 60);
    assert_true(chunk_heap_truncate(&fixture.heap, 31));
    assert_int_equal(available(&fixture), 31);
    assert_true(chunk_heap_truncate(&fixture.heap, 10)); /* below what was handed out before */
    assert_null(chunk_alloc(&fixture.heap, 1));
    assert_true(chunk_heap_extend(&fixture.heap, 30));
    unsigned char *const again = chunk_alloc_zeroed(&fixture.heap, 20 * UNIT);
    assert_ptr_equal(again, high);
    assert_true(all_zero(again, 20 * UNIT));
    assert_null(chunk_alloc(&fixture.heap, 1));
    chunk_free(&fixture.heap, low);
    assert_true(chunk_heap_extend(&fixture.heap, 40));
    assert_ptr_equal(chunk_alloc(&fixture.heap, 10 * UNIT), low);
    assert_ptr_equal(chunk_alloc(&fixture.heap, 10 * UNIT), fixture_chunk(&fixture, 30));
    fixture_end(&fixture);
}

/* ---- the source hook ---------------------------------------------------------------------------
 */

static struct {
    size_t wanted; /* what the hook was asked for last */
    size_t gives;  /* chunks that it makes available beyond that, or fewer */
    unsigned calls;
    bool answer;
    bool extends;
    const char *finding; /* what was wrong with the heap when it was asked last */
} source;

static bool extend_by_source(const struct chunk_heap *heap, size_t chunks) {
    struct chunk_heap_stats stats;
    chunk_heap_get_stats(heap, &stats);
    source.calls++;
    source.finding = chunk_heap_check(heap, CHUNK_CHECK_EXHAUSTIVE);
    source.wanted = chunks;
    if (source.extends) {
        (void)chunk_heap_extend(heap, stats.available + source.gives);
    }
    return source.answer;
}

static void create_with_source(struct fixture *fixture, size_t first) {
    create(fixture, first);
    fixture->heap.source = extend_by_source;
    source.calls = 0;
    source.answer = true;
    source.extends = true;
    source.gives = 0;
}

static void the_source_is_asked_for_what_is_missing(void **state) {
    (void)state;
    struct fixture fixture;
    create_with_source(&fixture, 0);
    source.gives = 3;
    unsigned char *const block = chunk_alloc(&fixture.heap, 3 * UNIT);
    assert_ptr_equal(block, fixture_chunk(&fixture, 0));
    assert_int_equal(source.wanted, 3);
    source.gives = 6;
    assert_non_null(chunk_alloc(&fixture.heap, 2 * UNIT));
    assert_int_equal(source.wanted, 2);
    assert_int_equal(source.calls, 2);
    assert_non_null(chunk_alloc(&fixture.heap, 4 * UNIT)); /* that is left */
    assert_int_equal(source.calls, 2);
    source.gives = 10;
    assert_non_null(chunk_alloc_zeroed(&fixture.heap, 1));
    assert_int_equal(source.wanted, 1);
    assert_non_null(chunk_alloc(&fixture.heap, 11 * UNIT)); /* of which 9 are there */
    assert_int_equal(source.wanted, 2);
    fixture_end(&fixture);
}

static void the_source_helps_blocks_to_grow(void **state) {
    (void)state;
    struct fixture fixture;
    create_with_source(&fixture, 4);
    void *const block = fixture_block(&fixture, 4, 5);
    source.gives = 8;
    assert_true(chunk_resize(&fixture.heap, block, 12 * UNIT));
    assert_int_equal(source.wanted, 8);
    fixture_assert_pattern(&fixture, block, 4, 5);
    source.gives = 1;
    assert_ptr_equal(chunk_realloc(&fixture.heap, block, 13 * UNIT), block);
    assert_int_equal(source.wanted, 1);
    assert_int_equal(source.calls, 2);
    fixture_end(&fixture);
}

/* To resize, for another run, and to slide; each time it sees a heap in order. */
static void the_source_is_asked_three_times_by_realloc(void **state) {
    (void)state;
    for (size_t left = 1; left < 70; left++) {
        struct fixture fixture;
        create_with_source(&fixture, left + 5);
        void *const below = fixture_block(&fixture, left, 0);
        void *const block = fixture_block(&fixture, 5, 0);
        chunk_free(&fixture.heap, below);
        source.answer = false;
        source.extends = false;
        assert_null(chunk_realloc(&fixture.heap, block, (left + 6) * UNIT));
        assert_int_equal(source.calls, 3);
        assert_null(source.finding);
        fixture_end(&fixture);
    }
}

static void a_source_that_gives_too_little_is_asked_once(void **state) {
    (void)state;
    struct fixture fixture;
    create_with_source(&fixture, 4);
    source.gives = 1;
    assert_null(chunk_alloc(&fixture.heap, 10 * UNIT));
    assert_int_equal(source.calls, 1);
    assert_int_equal(available(&fixture), 5);
    source.extends = false; /* though it says so */
    assert_null(chunk_alloc(&fixture.heap, 10 * UNIT));
    assert_int_equal(source.calls, 2);
    source.extends = true;
    source.answer = false;
    source.gives = 20;
    assert_null(chunk_alloc(&fixture.heap, 10 * UNIT));
    assert_int_equal(source.calls, 3);
    assert_non_null(chunk_alloc(&fixture.heap, 10 * UNIT));
    assert_int_equal(source.calls, 3);
    assert_int_equal(fixture_stats(&fixture).failures, 3);
    fixture_end(&fixture);
}

static void the_source_is_not_asked_in_vain(void **state) {
    (void)state;
    struct fixture fixture;
    create_with_source(&fixture, 50);
    void *const low = fixture_block(&fixture, 20, 0);
    (void)fixture_block(&fixture, 20, 0);
    chunk_free(&fixture.heap, low);
    assert_non_null(chunk_alloc(&fixture.heap, 20 * UNIT));
    assert_non_null(chunk_alloc(&fixture.heap, 10 * UNIT));
    assert_null(chunk_alloc(&fixture.heap, SIZE_MAX));
    assert_null(chunk_alloc(&fixture.heap, (CHUNKS + 1) * UNIT));
    assert_null(chunk_alloc_aligned(&fixture.heap, 3, 1));
    assert_int_equal(source.calls, 0);
    fixture_end(&fixture);
}

CHUNK_HEAP_DEFINE(with_source, 10, 16, NULL, CHUNK_HEAP_GROWS, extend_by_source);

static void the_macro_takes_a_source(void **state) {
    (void)state;
    source.answer = true;
    source.extends = true;
    source.gives = 10;
    void *const block = chunk_alloc(&with_source, 160);
    assert_non_null(block);
    chunk_free(&with_source, block);
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
        cmocka_unit_test(the_source_is_asked_for_what_is_missing),
        cmocka_unit_test(the_source_helps_blocks_to_grow),
        cmocka_unit_test(the_source_is_asked_three_times_by_realloc),
        cmocka_unit_test(a_source_that_gives_too_little_is_asked_once),
        cmocka_unit_test(the_source_is_not_asked_in_vain),
        cmocka_unit_test(the_macro_takes_a_source),
        cmocka_unit_test(a_fixed_heap_does_neither),
    };
    return cmocka_run_group_tests_name("grow, nodes inside", tests, fixture_inside, NULL) +
           cmocka_run_group_tests_name("grow, nodes outside", tests, fixture_outside, NULL);
}

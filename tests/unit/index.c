/* SPDX-License-Identifier: MIT */
/* The index of free runs alone: which list a length is in, and what a search finds. */
#include "fixture.h"

#include "core/index.h"

enum { CHUNKS = 20000 };

static void lists_are_exact_at_first_and_within_a_32nd_later(void **state) {
    (void)state;
    for (uint32_t length = 1; length < 64; length++) {
        assert_int_equal(chunk_index_list(length) - chunk_index_list(1), length - 1);
    }
    uint32_t first = 64;
    for (uint32_t length = 64; length < 3000000; length++) {
        const uint32_t list = chunk_index_list(length);
        if (list != chunk_index_list(length - 1)) {
            assert_int_equal(list, chunk_index_list(length - 1) + 1);
            first = length;
        }
        assert_true((uint64_t)(length - first) * 32 < first);
    }
}

static void every_list_is_within_the_index(void **state) {
    (void)state;
    for (uint64_t chunks = 1; chunks <= CHUNK_HEAP_MAX_CHUNKS; chunks = chunks * 3 / 2 + 1) {
        const uint32_t rows = CHUNK_HEAP_ROWS_((uint32_t)chunks);
        assert_true(chunk_index_list((uint32_t)chunks) / INDEX_ROW < rows);
        assert_true(rows <= 32);
    }
    assert_true(chunk_index_list(CHUNK_HEAP_MAX_CHUNKS) / INDEX_ROW <
                CHUNK_HEAP_ROWS_(CHUNK_HEAP_MAX_CHUNKS));
}

/* Free runs of the given lengths, each after a live chunk; the heap is otherwise taken. */
static void create(struct fixture *fixture, const uint32_t *lengths, size_t count) {
    void *runs[64];
    fixture_create(fixture, CHUNKS, 16, fixture_flags);
    for (size_t i = 0; i < count; i++) {
        (void)fixture_block(fixture, 1, 0);
        runs[i] = fixture_block(fixture, lengths[i], 0);
    }
    const size_t frontier = fixture_stats(fixture).frontier;
    (void)fixture_block(fixture, CHUNKS - frontier, 0);
    for (size_t i = 0; i < count; i++) {
        chunk_free(&fixture->heap, runs[i]);
    }
}

static uint32_t length_of(const struct fixture *fixture, uint32_t chunk) {
    assert_true(chunk_index_plausible(&fixture->heap, chunk));
    return chunk_bitmap_next_start(&fixture->heap, chunk + 1, CHUNKS) - chunk;
}

/* The shortest of the lengths whose whole list is long enough, by looking at all of them. */
static uint32_t list_wanted(const uint32_t *lengths, size_t count, uint32_t length) {
    uint32_t best = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        const uint32_t list = chunk_index_list(lengths[i]);
        const bool all_fit = length < INDEX_ROW || list != chunk_index_list(length) ||
                             chunk_index_list(length - 1) != list;
        if (lengths[i] >= length && all_fit && list < best) {
            best = list;
        }
    }
    return best;
}

static void fit_is_the_head_of_the_first_list_that_suits(void **state) {
    (void)state;
    static const uint32_t lengths[] = {1, 3, 30, 31, 32, 33, 64, 65, 66, 100, 128, 131, 400, 1500};
    const size_t count = sizeof lengths / sizeof *lengths;
    struct fixture fixture;
    create(&fixture, lengths, count);
    for (uint32_t length = 1; length < 3000; length++) {
        const uint32_t wanted = list_wanted(lengths, count, length);
        const uint32_t found = chunk_index_fit(&fixture.heap, length);
        if (wanted == UINT32_MAX) {
            assert_int_equal(found, INDEX_NONE);
            continue;
        }
        assert_true(found != INDEX_NONE);
        assert_true(length_of(&fixture, found) >= length);
        assert_int_equal(chunk_index_list(length_of(&fixture, found)), wanted);
    }
    assert_int_equal(chunk_index_fit(&fixture.heap, CHUNKS), INDEX_NONE);
    assert_int_equal(chunk_index_fit(&fixture.heap, CHUNKS + 1), INDEX_NONE);
    fixture_end(&fixture);
}

static void lists_are_last_in_first_out(void **state) {
    (void)state;
    static const uint32_t lengths[] = {128, 129, 130, 131, 128};
    struct fixture fixture;
    create(&fixture, lengths, 5);
    uint32_t chunk = chunk_index_head(&fixture.heap, 130);
    for (size_t i = 5; i-- > 0;) {
        assert_int_equal(length_of(&fixture, chunk), lengths[i]);
        chunk = chunk_index_next(&fixture.heap, chunk);
    }
    assert_int_equal(chunk, INDEX_NONE);
    assert_int_equal(chunk_index_head(&fixture.heap, 127), INDEX_NONE);
    assert_int_equal(chunk_index_head(&fixture.heap, 132), INDEX_NONE);
    fixture_end(&fixture);
}

static void runs_leave_from_every_place_of_a_list(void **state) {
    (void)state;
    static const uint32_t lengths[] = {5, 5, 5, 5};
    for (uint32_t place = 0; place < 4; place++) {
        struct fixture fixture;
        create(&fixture, lengths, 4);
        const uint32_t chunk = 1 + place * 6;
        chunk_index_remove(&fixture.heap, chunk, 5);
        uint32_t count = 0;
        for (uint32_t run = chunk_index_head(&fixture.heap, 5); run != INDEX_NONE;
             run = chunk_index_next(&fixture.heap, run)) {
            assert_int_not_equal(run, chunk);
            count++;
        }
        assert_int_equal(count, 3);
        assert_int_equal(fixture_stats(&fixture).free_runs, 3);
        chunk_index_insert(&fixture.heap, chunk, 5);
        assert_int_equal(chunk_index_head(&fixture.heap, 5), chunk);
        fixture_end(&fixture);
    }
}

static void an_empty_index_finds_nothing(void **state) {
    (void)state;
    static const uint32_t lengths[] = {40, 2};
    struct fixture fixture;
    create(&fixture, lengths, 2);
    chunk_index_remove(&fixture.heap, 1, 40);
    chunk_index_remove(&fixture.heap, 42, 2);
    assert_int_equal(fixture.heap.state->rows, 0);
    for (uint32_t length = 1; length <= CHUNKS; length++) {
        assert_int_equal(chunk_index_fit(&fixture.heap, length), INDEX_NONE);
        assert_int_equal(chunk_index_head(&fixture.heap, length), INDEX_NONE);
    }
    chunk_index_insert(&fixture.heap, 1, 40);
    chunk_index_insert(&fixture.heap, 42, 2);
    fixture_end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_exact_at_first_and_within_a_32nd_later),
        cmocka_unit_test(every_list_is_within_the_index),
        cmocka_unit_test(fit_is_the_head_of_the_first_list_that_suits),
        cmocka_unit_test(lists_are_last_in_first_out),
        cmocka_unit_test(runs_leave_from_every_place_of_a_list),
        cmocka_unit_test(an_empty_index_finds_nothing),
    };
    return cmocka_run_group_tests_name("index, nodes inside", tests, fixture_inside, NULL) +
           cmocka_run_group_tests_name("index, nodes outside", tests, fixture_outside, NULL);
}

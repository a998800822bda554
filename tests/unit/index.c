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
    assert_true(chunk_bitmap_is_free(&fixture->heap, chunk));
    return chunk_bitmap_next(&fixture->heap, chunk) - chunk;
}

static uint32_t next_in_list(const struct fixture *fixture, uint32_t chunk) {
    const struct chunk_node *const node = chunk_index_node(&fixture->heap, chunk);
    return chunk_index_follow(&fixture->heap, chunk, node->next);
}

static void the_next_list_is_the_first_that_is_not_empty(void **state) {
    (void)state;
    static const uint32_t lengths[] = {1, 3, 30, 31, 32, 33, 64, 65, 66, 100, 128, 131, 400, 1500};
    const size_t count = sizeof lengths / sizeof *lengths;
    struct fixture fixture;
    create(&fixture, lengths, count);
    for (uint32_t list = 1; list < 28 * INDEX_ROW; list++) {
        uint32_t wanted = 0;
        for (size_t i = count; i-- > 0;) {
            const uint32_t other = chunk_index_list(lengths[i]);
            wanted = other >= list ? other : wanted;
        }
        assert_int_equal(chunk_index_from(&fixture.heap, list), wanted);
        if (wanted != 0) {
            const uint32_t head = chunk_index_head(&fixture.heap, wanted);
            assert_int_equal(chunk_index_list(length_of(&fixture, head)), wanted);
        }
    }
    fixture_end(&fixture);
}

static void lists_are_last_in_first_out(void **state) {
    (void)state;
    static const uint32_t lengths[] = {128, 129, 130, 131, 128};
    struct fixture fixture;
    create(&fixture, lengths, 5);
    const uint32_t list = chunk_index_list(130);
    uint32_t chunk = chunk_index_head(&fixture.heap, list);
    for (size_t i = 5; i-- > 0;) {
        assert_int_equal(length_of(&fixture, chunk), lengths[i]);
        chunk = next_in_list(&fixture, chunk);
    }
    assert_int_equal(chunk, INDEX_NONE);
    assert_int_equal(chunk_index_head(&fixture.heap, list - 1), INDEX_NONE);
    assert_int_equal(chunk_index_head(&fixture.heap, list + 1), INDEX_NONE);
    fixture_end(&fixture);
}

static void runs_leave_from_every_place_of_a_list(void **state) {
    (void)state;
    static const uint32_t lengths[] = {5, 5, 5, 5};
    for (uint32_t place = 0; place < 4; place++) {
        struct fixture fixture;
        create(&fixture, lengths, 4);
        const uint32_t chunk = 1 + place * 6;
        chunk_index_remove(&fixture.heap, chunk, chunk + 5);
        uint32_t count = 0;
        for (uint32_t run = chunk_index_head(&fixture.heap, 5); run != INDEX_NONE;
             run = next_in_list(&fixture, run)) {
            assert_int_not_equal(run, chunk);
            count++;
        }
        assert_int_equal(count, 3);
        assert_int_equal(fixture_stats(&fixture).free_runs, 3);
        chunk_index_insert(&fixture.heap, chunk, chunk + 5);
        assert_int_equal(chunk_index_head(&fixture.heap, 5), chunk);
        fixture_end(&fixture);
    }
}

/* Memory that was cleared, or filled with ones, is not a node. */
static void no_link_is_stored_as_it_is(void **state) {
    (void)state;
    const uint32_t most = CHUNK_HEAP_MAX_CHUNKS;
    for (uint32_t link = 0; link < most && link < 100000; link++) {
        assert_int_equal(chunk_index_masked(chunk_index_masked(link)), link);
    }
    if (CHUNK_HEAP_INDEX_BITS == 32) {
        assert_true(chunk_index_masked(0) > most);
        assert_true(chunk_index_masked(UINT32_MAX) > most / 4 * 2);
    }
}

static void an_empty_index_finds_nothing(void **state) {
    (void)state;
    static const uint32_t lengths[] = {40, 2};
    struct fixture fixture;
    create(&fixture, lengths, 2);
    chunk_index_remove(&fixture.heap, 1, 41);
    chunk_index_remove(&fixture.heap, 42, 44);
    assert_int_equal(fixture.heap.state->rows, 0);
    for (uint32_t length = 1; length <= CHUNKS; length++) {
        assert_int_equal(chunk_index_from(&fixture.heap, chunk_index_list(length)), 0);
        assert_int_equal(chunk_index_head(&fixture.heap, chunk_index_list(length)), INDEX_NONE);
    }
    chunk_index_insert(&fixture.heap, 1, 41);
    chunk_index_insert(&fixture.heap, 42, 44);
    fixture_end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_exact_at_first_and_within_a_32nd_later),
        cmocka_unit_test(every_list_is_within_the_index),
        cmocka_unit_test(the_next_list_is_the_first_that_is_not_empty),
        cmocka_unit_test(no_link_is_stored_as_it_is),
        cmocka_unit_test(lists_are_last_in_first_out),
        cmocka_unit_test(runs_leave_from_every_place_of_a_list),
        cmocka_unit_test(an_empty_index_finds_nothing),
    };
    return cmocka_run_group_tests_name("index, nodes inside", tests, fixture_inside, NULL) +
           cmocka_run_group_tests_name("index, nodes outside", tests, fixture_outside, NULL);
}

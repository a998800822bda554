/* SPDX-License-Identifier: MIT */
/* Runs in chunk numbers: what heap.h does not show of them. */
#include "fixture.h"

#include "core/run.h"

enum { CHUNKS = 300, UNIT = 16 };

static void create(struct fixture *fixture) {
    fixture_create(fixture, CHUNKS, UNIT, fixture_flags);
}

static void phase_shifts_what_is_aligned(void **state) {
    (void)state;
    for (uint32_t align = 1; align <= 64; align *= 2) {
        for (uint32_t phase = 0; phase < align; phase++) {
            struct fixture fixture;
            create(&fixture);
            for (uint32_t length = 1; length < 5; length++) {
                const uint32_t chunk = chunk_run_alloc(&fixture.heap, length, align, phase);
                assert_true(chunk != RUN_NONE);
                assert_int_equal((chunk + phase) % align, 0);
                assert_int_equal(chunk_run_length(&fixture.heap, chunk), length);
            }
            fixture_end(&fixture);
        }
    }
}

static void freeing_tells_where_the_joined_run_starts(void **state) {
    (void)state;
    struct fixture fixture;
    create(&fixture);
    uint32_t chunks[4];
    for (uint32_t i = 0; i < 4; i++) {
        chunks[i] = chunk_run_alloc(&fixture.heap, 5, 1, 0);
        assert_int_equal(chunks[i], 5 * i);
    }
    assert_int_equal(chunk_run_free(&fixture.heap, chunks[0]), 0);
    assert_int_equal(chunk_run_free(&fixture.heap, chunks[2]), 10);
    assert_int_equal(chunk_run_free(&fixture.heap, chunks[1]), 0);
    assert_int_equal(chunk_run_length(&fixture.heap, 0), 15);
    assert_int_equal(chunk_run_free(&fixture.heap, chunks[3]), 0);
    assert_int_equal(fixture_stats(&fixture).frontier, 0);
    assert_int_equal(fixture_stats(&fixture).touched, 20);
    fixture_end(&fixture);
}

static void the_frontier_follows_the_last_live_run(void **state) {
    (void)state;
    struct fixture fixture;
    create(&fixture);
    uint32_t chunks[6];
    for (uint32_t i = 0; i < 6; i++) {
        chunks[i] = chunk_run_alloc(&fixture.heap, 30, 1, 0);
    }
    (void)chunk_run_free(&fixture.heap, chunks[4]);
    (void)chunk_run_free(&fixture.heap, chunks[3]);
    assert_int_equal(fixture_stats(&fixture).frontier, 180);
    assert_int_equal(chunk_run_free(&fixture.heap, chunks[5]), 90);
    assert_int_equal(fixture_stats(&fixture).frontier, 90);
    assert_int_equal(fixture_stats(&fixture).free_runs, 0);
    assert_int_equal(chunk_run_alloc(&fixture.heap, 200, 1, 0), 90);
    assert_int_equal(fixture_stats(&fixture).touched, 290);
    assert_int_equal(chunk_run_resize(&fixture.heap, 90, 1, false), 90);
    assert_int_equal(fixture_stats(&fixture).frontier, 91);
    assert_int_equal(fixture_stats(&fixture).touched, 290);
    fixture_end(&fixture);
}

static void what_lies_above_the_frontier_can_be_claimed(void **state) {
    (void)state;
    struct fixture fixture;
    create(&fixture);
    (void)chunk_run_alloc(&fixture.heap, 10, 1, 0);
    const uint32_t chunk = chunk_run_alloc(&fixture.heap, 200, 1, 0);
    (void)chunk_run_free(&fixture.heap, chunk);
    assert_int_equal(chunk_run_claim(&fixture.heap, chunk), 200);
    assert_int_equal(fixture_stats(&fixture).used, 210);
    assert_null(chunk_heap_check(&fixture.heap, CHUNK_CHECK_EXHAUSTIVE));
    assert_int_equal(chunk_run_free(&fixture.heap, chunk), chunk);
    assert_int_equal(fixture_stats(&fixture).used, 10);
    fixture_end(&fixture);
}

static void a_tight_run_leaves_little_over(void **state) {
    (void)state;
    struct fixture fixture;
    create(&fixture);
    const uint32_t gap = chunk_run_alloc(&fixture.heap, 20, 1, 0);
    (void)chunk_run_alloc(&fixture.heap, 1, 1, 0);
    (void)chunk_run_free(&fixture.heap, gap);
    assert_int_equal(chunk_run_alloc_tight(&fixture.heap, 21, UINT32_MAX), RUN_NONE);
    assert_int_equal(chunk_run_alloc_tight(&fixture.heap, 5, 19), RUN_NONE);
    assert_int_equal(chunk_run_alloc_tight(&fixture.heap, 5, 20), gap);
    assert_int_equal(chunk_run_length(&fixture.heap, gap + 5), 15);
    fixture_end(&fixture);
}

static void a_roomy_run_is_twice_as_long(void **state) {
    (void)state;
    struct fixture fixture;
    create(&fixture);
    const uint32_t gap = chunk_run_alloc(&fixture.heap, 20, 1, 0);
    const uint32_t last = chunk_run_alloc(&fixture.heap, 1, 1, 0);
    (void)chunk_run_free(&fixture.heap, gap);
    assert_int_equal(chunk_run_alloc_roomy(&fixture.heap, 11), RUN_NONE);
    assert_int_equal(chunk_run_alloc_roomy(&fixture.heap, CHUNKS), RUN_NONE);
    assert_int_equal(chunk_run_alloc_roomy(&fixture.heap, 10), gap);
    const uint32_t above = chunk_run_alloc(&fixture.heap, 50, 1, 0);
    (void)chunk_run_free(&fixture.heap, above);
    assert_int_equal(chunk_run_alloc_roomy(&fixture.heap, 26), RUN_NONE);
    assert_int_equal(chunk_run_alloc_roomy(&fixture.heap, 25), last + 1);
    fixture_end(&fixture);
}

static void claiming_takes_the_whole_of_a_free_run(void **state) {
    (void)state;
    struct fixture fixture;
    create(&fixture);
    const uint32_t chunk = chunk_run_alloc(&fixture.heap, 40, 1, 0);
    (void)chunk_run_alloc(&fixture.heap, 1, 1, 0);
    (void)chunk_run_free(&fixture.heap, chunk);
    assert_int_equal(chunk_run_claim(&fixture.heap, chunk), 40);
    assert_int_equal(fixture_stats(&fixture).used, 41);
    assert_int_equal(fixture_stats(&fixture).live_blocks, 2);
    assert_int_equal(fixture_stats(&fixture).free_runs, 0);
    assert_int_equal(chunk_usable_size(&fixture.heap, fixture_chunk(&fixture, chunk)), 40 * UNIT);
    fixture_end(&fixture);
}

static void lengths_that_cannot_be_are_refused(void **state) {
    (void)state;
    struct fixture fixture;
    create(&fixture);
    assert_int_equal(chunk_run_alloc(&fixture.heap, CHUNKS + 1, 1, 0), RUN_NONE);
    assert_int_equal(chunk_run_alloc(&fixture.heap, UINT32_MAX, 1, 0), RUN_NONE);
    assert_int_equal(chunk_run_alloc(&fixture.heap, CHUNKS, 1u << 30, 1), RUN_NONE);
    assert_int_equal(chunk_run_alloc(&fixture.heap, 1, 1u << 30, 1), RUN_NONE);
    assert_int_equal(chunk_run_alloc(&fixture.heap, 1, 1u << 30, (1u << 30) - 7), 7);
    assert_int_equal(fixture_stats(&fixture).failures, 0); /* heap.h counts them */
    assert_int_equal(fixture_stats(&fixture).allocations, 1);
    fixture_end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phase_shifts_what_is_aligned),
        cmocka_unit_test(freeing_tells_where_the_joined_run_starts),
        cmocka_unit_test(the_frontier_follows_the_last_live_run),
        cmocka_unit_test(what_lies_above_the_frontier_can_be_claimed),
        cmocka_unit_test(a_tight_run_leaves_little_over),
        cmocka_unit_test(a_roomy_run_is_twice_as_long),
        cmocka_unit_test(claiming_takes_the_whole_of_a_free_run),
        cmocka_unit_test(lengths_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests_name("run, nodes inside", tests, fixture_inside, NULL) +
           cmocka_run_group_tests_name("run, nodes outside", tests, fixture_outside, NULL);
}

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
    assert_int_equal(chunk_run_length(&fixture.heap, 0), 20);
    fixture_end(&fixture);
}

static void claiming_takes_the_whole_of_a_free_run(void **state) {
    (void)state;
    struct fixture fixture;
    create(&fixture);
    const uint32_t chunk = chunk_run_alloc(&fixture.heap, 40, 1, 0);
    (void)chunk_run_alloc(&fixture.heap, 1, 1, 0);
    (void)chunk_run_free(&fixture.heap, chunk);
    chunk_run_claim(&fixture.heap, chunk);
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
        cmocka_unit_test(claiming_takes_the_whole_of_a_free_run),
        cmocka_unit_test(lengths_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests_name("run, nodes inside", tests, fixture_inside, NULL) +
           cmocka_run_group_tests_name("run, nodes outside", tests, fixture_outside, NULL);
}

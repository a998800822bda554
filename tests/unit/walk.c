/* SPDX-License-Identifier: MIT */
#include "fixture.h"

struct runs {
    struct chunk_run seen[16];
    size_t count;
    size_t stop_after;
};

static bool note(void *context, const struct chunk_run *run) {
    struct runs *const runs = context;
    assert_true(runs->count < sizeof runs->seen / sizeof *runs->seen);
    runs->seen[runs->count++] = *run;
    return runs->count != runs->stop_after;
}

static void assert_run(const struct chunk_run *run, const void *start, size_t size, bool live) {
    assert_ptr_equal(run->start, start);
    assert_int_equal(run->size, size);
    assert_int_equal(run->live, live);
}

static void an_empty_heap_has_no_runs(void **state) {
    (void)state;
    struct fixture fixture;
    struct runs runs = {.count = 0};
    fixture_create(&fixture, 100, 16, fixture_flags);
    assert_true(chunk_heap_walk(&fixture.heap, note, &runs));
    assert_int_equal(runs.count, 0);
    fixture_end(&fixture);
}

static void runs_come_in_order_of_address(void **state) {
    (void)state;
    struct fixture fixture;
    struct runs runs = {.count = 0};
    fixture_create(&fixture, 5000, 16, fixture_flags);
    void *const blocks[] = {
        fixture_block(&fixture, 1, 0),    fixture_block(&fixture, 63, 0),
        fixture_block(&fixture, 4200, 0), fixture_block(&fixture, 2, 0),
        fixture_block(&fixture, 1, 0),    fixture_block(&fixture, 1, 0),
    };
    chunk_free(&fixture.heap, blocks[4]);
    chunk_free(&fixture.heap, blocks[1]);
    chunk_free(&fixture.heap, blocks[2]);
    assert_true(chunk_heap_walk(&fixture.heap, note, &runs));
    assert_int_equal(runs.count, 5);
    assert_run(&runs.seen[0], blocks[0], 16, true);
    assert_run(&runs.seen[1], blocks[1], (size_t)4263 * 16, false);
    assert_run(&runs.seen[2], blocks[3], 32, true);
    assert_run(&runs.seen[3], blocks[4], 16, false);
    assert_run(&runs.seen[4], blocks[5], 16, true);
    fixture_end(&fixture);
}

static void a_visitor_can_end_the_walk(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 100, 16, fixture_flags);
    for (size_t i = 0; i < 10; i++) {
        (void)fixture_block(&fixture, 1 + i, 0);
    }
    for (size_t stop = 1; stop <= 10; stop++) {
        struct runs runs = {.stop_after = stop};
        assert_false(chunk_heap_walk(&fixture.heap, note, &runs));
        assert_int_equal(runs.count, stop);
    }
    struct runs runs = {.stop_after = 11};
    assert_true(chunk_heap_walk(&fixture.heap, note, &runs));
    fixture_end(&fixture);
}

static void nodes_outside_leave_the_memory_alone(void **state) {
    (void)state;
    if (fixture_flags == 0) {
        skip();
    }
    struct fixture fixture;
    struct runs runs = {.count = 0};
    void *blocks[8];
    fixture_create(&fixture, 4096, 16, fixture_flags);
    area_forbid(&fixture.memory);
    for (size_t i = 0; i < 8; i++) {
        blocks[i] = chunk_alloc(&fixture.heap, (i + 1) * 100);
        assert_non_null(blocks[i]);
    }
    for (size_t i = 0; i < 8; i += 2) {
        chunk_free_sized(&fixture.heap, blocks[i], (i + 1) * 100);
    }
    assert_true(chunk_resize(&fixture.heap, blocks[1], 400));
    assert_true(chunk_resize(&fixture.heap, blocks[3], 10));
    assert_ptr_equal(chunk_realloc(&fixture.heap, blocks[7], 20000), blocks[7]);
    assert_non_null(chunk_alloc_aligned(&fixture.heap, 1024, 10));
    assert_true(chunk_heap_walk(&fixture.heap, note, &runs));
    fixture_end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_heap_has_no_runs),
        cmocka_unit_test(runs_come_in_order_of_address),
        cmocka_unit_test(a_visitor_can_end_the_walk),
        cmocka_unit_test(nodes_outside_leave_the_memory_alone),
    };
    return cmocka_run_group_tests_name("walk, nodes inside", tests, fixture_inside, NULL) +
           cmocka_run_group_tests_name("walk, nodes outside", tests, fixture_outside, NULL);
}

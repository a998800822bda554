/* SPDX-License-Identifier: MIT */
/* A core built with CHUNK_HEAP_TRACE tells of each operation. */
#include "fixture.h"

#include "core/trace.h"

struct event {
    enum chunk_trace event;
    const struct chunk_heap *heap;
    const void *pointer;
    size_t size;
};

static struct event events[16];
static size_t count;

void chunk_heap_trace(enum chunk_trace event, const struct chunk_heap *heap, const void *pointer,
                      size_t size) {
    assert_true(count < sizeof events / sizeof *events);
    events[count++] = (struct event){event, heap, pointer, size};
}

static void expect_events(const struct fixture *fixture, size_t wanted) {
    assert_int_equal(count, wanted);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(events[i].heap, &fixture->heap);
    }
    count = 0;
}

static void expect_event(size_t number, enum chunk_trace event, const void *pointer, size_t size) {
    assert_int_equal(events[number].event, event);
    assert_ptr_equal(events[number].pointer, pointer);
    assert_int_equal(events[number].size, size);
}

static void each_operation_is_told(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 16, 16, fixture_flags);
    count = 0;
    void *const first = chunk_alloc(&fixture.heap, 100);
    expect_event(0, CHUNK_TRACE_ALLOC, first, 100);
    expect_events(&fixture, 1);
    void *const second = chunk_alloc_aligned(&fixture.heap, 16, 1);
    expect_event(0, CHUNK_TRACE_ALLOC, second, 1);
    expect_events(&fixture, 1);
    assert_null(chunk_alloc(&fixture.heap, 1000));
    expect_event(0, CHUNK_TRACE_FAILURE, NULL, 1000);
    expect_events(&fixture, 1);
    assert_null(chunk_alloc_zeroed(&fixture.heap, 200));
    expect_event(0, CHUNK_TRACE_FAILURE, NULL, 200);
    expect_events(&fixture, 1);
    assert_true(chunk_resize(&fixture.heap, first, 50));
    expect_event(0, CHUNK_TRACE_RESIZE, first, 50);
    expect_events(&fixture, 1);
    assert_false(chunk_resize(&fixture.heap, first, 500));
    expect_events(&fixture, 0);
    chunk_free(&fixture.heap, second);
    expect_event(0, CHUNK_TRACE_FREE, second, 0);
    expect_events(&fixture, 1);
    chunk_free_sized(&fixture.heap, first, 50);
    expect_event(0, CHUNK_TRACE_FREE, first, 0);
    expect_events(&fixture, 1);
    chunk_free(&fixture.heap, NULL);
    expect_events(&fixture, 0);
    fixture_end(&fixture);
}

static void a_move_is_told_as_what_it_is_made_of(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 16, 16, fixture_flags);
    void *const first = fixture_block(&fixture, 1, 0);
    (void)fixture_block(&fixture, 1, 0);
    count = 0;
    void *const moved = chunk_realloc(&fixture.heap, first, 60);
    assert_true(moved != first);
    expect_event(0, CHUNK_TRACE_ALLOC, moved, 60);
    expect_event(1, CHUNK_TRACE_FREE, first, 0);
    expect_events(&fixture, 2);
    fixture_end(&fixture);
}

static void a_slide_is_told_as_a_resize(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 16, 16, fixture_flags);
    void *const low = fixture_block(&fixture, 8, 0);
    void *const high = fixture_block(&fixture, 8, 0);
    chunk_free(&fixture.heap, low);
    count = 0;
    assert_ptr_equal(chunk_realloc(&fixture.heap, high, 10 * 16), low);
    expect_event(count - 1, CHUNK_TRACE_RESIZE, low, 10 * 16);
    for (size_t i = 0; i + 1 < count; i++) {
        expect_event(i, CHUNK_TRACE_FAILURE, NULL, 10 * 16);
    }
    fixture_end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_operation_is_told),
        cmocka_unit_test(a_move_is_told_as_what_it_is_made_of),
        cmocka_unit_test(a_slide_is_told_as_a_resize),
    };
    return cmocka_run_group_tests_name("trace, nodes inside", tests, fixture_inside, NULL) +
           cmocka_run_group_tests_name("trace, nodes outside", tests, fixture_outside, NULL);
}

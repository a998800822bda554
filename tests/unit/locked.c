/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <chunkmalloc/locked.h>

#include "locked_threads.h"

/* A lock that knows how often it was taken, and that no call holds it twice. */
struct counting {
    unsigned held;
    unsigned taken;
};

static void count_acquire(void *lock) {
    struct counting *const counting = lock;
    assert_int_equal(counting->held, 0);
    counting->held++;
    counting->taken++;
}

static void count_release(void *lock) {
    struct counting *const counting = lock;
    assert_int_equal(counting->held, 1);
    counting->held--;
}

static void assert_taken_once(struct counting *counting) {
    assert_int_equal(counting->held, 0);
    assert_int_equal(counting->taken, 1);
    counting->taken = 0;
}

static void each_function_takes_the_lock_once(void **state) {
    (void)state;
    struct fixture fixture;
    struct counting counting = {0, 0};
    fixture_create(&fixture, 64, 16, fixture_flags);
    const struct chunk_locked_heap locked = {&fixture.heap,
                                             {count_acquire, count_release, &counting}};
    unsigned char *const first = chunk_locked_alloc(&locked, 100);
    assert_ptr_equal(first, fixture.memory.bytes);
    assert_taken_once(&counting);
    unsigned char *const second = chunk_locked_alloc_aligned(&locked, 128, 20);
    assert_true(is_aligned(second, 128));
    assert_taken_once(&counting);
    memset(first, 1, 112);
    chunk_locked_free(&locked, first);
    assert_taken_once(&counting);
    unsigned char *const third = chunk_locked_alloc_zeroed(&locked, 100);
    assert_ptr_equal(third, first);
    assert_true(all_zero(third, 100));
    assert_taken_once(&counting);
    assert_int_equal(chunk_locked_usable_size(&locked, third), 112);
    assert_taken_once(&counting);
    assert_true(chunk_locked_resize(&locked, third, 10));
    assert_false(chunk_locked_resize(&locked, third, 10000));
    counting.taken--;
    assert_taken_once(&counting);
    assert_ptr_equal(chunk_locked_realloc(&locked, third, 40), third);
    assert_taken_once(&counting);
    struct chunk_heap_stats stats;
    chunk_locked_get_stats(&locked, &stats);
    assert_int_equal(stats.used, 5);
    assert_taken_once(&counting);
    assert_int_equal(chunk_locked_usage(&locked), 5 * 10000 / 64);
    assert_taken_once(&counting);
    chunk_locked_free_sized(&locked, third, 48);
    assert_taken_once(&counting);
    chunk_locked_free_sized(&locked, second, 20);
    assert_null(chunk_locked_check(&locked, CHUNK_CHECK_EXHAUSTIVE));
    fixture.heap.state->used++;
    assert_non_null(chunk_locked_check(&locked, CHUNK_CHECK_EXHAUSTIVE));
    fixture.heap.state->used--;
    fixture_end(&fixture);
}

static struct counting hook_counting;
static unsigned held_in_hook;

static void note_held(enum chunk_misuse kind, const void *pointer) {
    witness_hook(kind, pointer);
    held_in_hook = hook_counting.held;
}

static void the_hook_runs_with_the_lock_held(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 64, 16, fixture_flags);
    fixture.heap.misuse = note_held;
    const struct chunk_locked_heap locked = {&fixture.heap,
                                             {count_acquire, count_release, &hook_counting}};
    held_in_hook = 0;
    chunk_locked_free(&locked, &fixture);
    fixture_expect_misuse(CHUNK_MISUSE_OUTSIDE, &fixture);
    assert_int_equal(held_in_hook, 1);
    assert_int_equal(hook_counting.held, 0);
    fixture_end(&fixture);
}

static struct chunk_spin spin;

static void spin_locks_threads_out(void **state) {
    (void)state;
    const struct chunk_lock lock = CHUNK_LOCK_SPIN(&spin);
    locked_threads_count(&lock);
    assert_int_equal(spin.held, 0);
}

static void threads_share_a_heap_behind_a_spin_lock(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 500, 64, fixture_flags);
    const struct chunk_locked_heap locked = {&fixture.heap, CHUNK_LOCK_SPIN(&spin)};
    locked_threads_allocate(&locked);
    assert_int_equal(fixture_stats(&fixture).used, 0);
    fixture_end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_function_takes_the_lock_once),
        cmocka_unit_test(the_hook_runs_with_the_lock_held),
        cmocka_unit_test(spin_locks_threads_out),
        cmocka_unit_test(threads_share_a_heap_behind_a_spin_lock),
    };
    return cmocka_run_group_tests_name("locked, nodes inside", tests, fixture_inside, NULL) +
           cmocka_run_group_tests_name("locked, nodes outside", tests, fixture_outside, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <chunkmalloc/mutex.h>

#include "locked_threads.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const struct chunk_lock lock = CHUNK_LOCK_MUTEX(&mutex);

static void the_mutex_is_what_is_held(void **state) {
    (void)state;
    lock.acquire(lock.lock);
    assert_int_equal(pthread_mutex_trylock(&mutex), EBUSY);
    lock.release(lock.lock);
    assert_int_equal(pthread_mutex_trylock(&mutex), 0);
    assert_int_equal(pthread_mutex_unlock(&mutex), 0);
}

static void a_mutex_locks_threads_out(void **state) {
    (void)state;
    locked_threads_count(&lock);
}

static void threads_share_a_heap_behind_a_mutex(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 500, 64, 0);
    const struct chunk_locked_heap locked = {&fixture.heap, lock};
    locked_threads_allocate(&locked);
    assert_int_equal(fixture_stats(&fixture).used, 0);
    fixture_end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mutex_is_what_is_held),
        cmocka_unit_test(a_mutex_locks_threads_out),
        cmocka_unit_test(threads_share_a_heap_behind_a_mutex),
    };
    return cmocka_run_group_tests_name("mutex", tests, NULL, NULL);
}

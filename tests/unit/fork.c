/* SPDX-License-Identifier: MIT */
/* The locks, and what becomes of them in a fork. */
#include "fixture.h"

#include "host/fork.h"
#include "host/reclaim.h"
#include "host/runs.h"
#include "host/thread.h"

#include <sys/wait.h>
#include <unistd.h>

enum { SOME = 7 };

static struct cm_lock *const some[SOME] = {
    &cm_reclaim_lock, &cm_depots[1].lock, &cm_depots[40].lock, &cm_depot_pool_lock,
    &cm_purge_lock,   &cm_heap_lock,      &cm_thread_lock};

static void *count_free(void *count) {
    for (size_t i = 0; i < SOME; i++) {
        if (cm_lock_try(some[i])) {
            cm_lock_release(some[i]);
            ++*(size_t *)count;
        }
    }
    return NULL;
}

/* As another thread sees it. */
static size_t free_locks(void) {
    size_t count = 0;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, count_free, &count), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return count;
}

static void taking_is_counted(void **state) {
    (void)state;
    const unsigned long before = cm_locks_taken();
    cm_lock_acquire(&cm_heap_lock);
    assert_int_equal(free_locks(), SOME - 1);
    cm_lock_release(&cm_heap_lock);
    assert_int_equal(cm_locks_taken(), before + 1 + (SOME - 1));
}

static void all_means_all(void **state) {
    (void)state;
    cm_locks_acquire_all();
    assert_int_equal(free_locks(), 0);
    cm_locks_release_all();
    assert_int_equal(free_locks(), SOME);
}

static bool looks_in_prepare;
static size_t free_in_prepare;
static bool passed_in_prepare;

/* Registered before ours, so it runs after ours has taken all. */
static void prepare(void) {
    if (looks_in_prepare) {
        free_in_prepare = free_locks();
        passed_in_prepare = cm_lock_try(&cm_heap_lock);
        cm_lock_release(&cm_heap_lock);
    }
}

static int register_handlers(void **state) {
    (void)state;
    if (pthread_atfork(prepare, NULL, NULL) != 0) {
        return -1;
    }
    cm_fork_set_up();
    return 0;
}

/* In the child, too. */
static void expect_free_after_fork(void) {
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(free_locks() == SOME ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* The first test: the C library does not forget that there was another thread. */
static void the_only_thread_takes_none(void **state) {
    (void)state;
    const unsigned long before = cm_locks_taken();
    expect_free_after_fork();
    assert_int_equal(cm_locks_taken(), before);
    assert_int_equal(free_locks(), SOME);
}

static void a_fork_has_all_and_leaves_none(void **state) {
    (void)state;
    looks_in_prepare = true;
    expect_free_after_fork();
    assert_int_equal(free_in_prepare, 0);
    assert_true(passed_in_prepare);
    assert_int_equal(free_locks(), SOME);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_only_thread_takes_none),
        cmocka_unit_test(taking_is_counted),
        cmocka_unit_test(all_means_all),
        cmocka_unit_test(a_fork_has_all_and_leaves_none),
    };
    return cmocka_run_group_tests(tests, register_handlers, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "fork.h"

#include "inside.h"
#include "reclaim.h"
#include "runs.h"
#include "thread.h"
#include <pthread.h>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

/* The order of lock.h, in one place. */
static struct cm_lock *lock_number(unsigned number) {
    struct cm_lock *const rest[] = {&cm_depot_pool_lock, &cm_purge_lock, &cm_heap_lock,
                                    &cm_thread_lock};
    if (number == 0) {
        return &cm_reclaim_lock;
    }
    return number <= CM_CLASSES ? cm_depot_lock(number) : rest[number - CM_CLASSES - 1];
}

enum { LOCKS = 1 + CM_CLASSES + 4 };

_Static_assert(LOCKS < 64, "the thread sanitizer follows no more locks held at a time");

void cm_locks_acquire_all(void) {
    for (unsigned i = 0; i < LOCKS; i++) {
        cm_lock_acquire(lock_number(i));
    }
}

void cm_locks_release_all(void) {
    for (unsigned i = LOCKS; i > 0; i--) {
        cm_lock_release(lock_number(i - 1));
    }
}

unsigned long cm_locks_taken(void) {
    unsigned long taken = 0;
    for (unsigned i = 0; i < LOCKS; i++) {
        taken += __atomic_load_n(&lock_number(i)->taken, __ATOMIC_RELAXED);
    }
    return taken;
}

bool cm_lock_forking;
pthread_t cm_lock_forker;

static bool is_only_thread(void) {
#if __has_include(<sys/single_threaded.h>)
    return __libc_single_threaded != 0;
#else
    return false;
#endif
}

/* Where there is one thread, nobody holds a lock that the child could want, and neither parent nor
 * child needs copies of the pages that they lie in. The C library decides so, too.
 *
 * A handler that has interrupted this thread inside the allocator forks without the locks: waiting
 * for them would have no end, and the child of such a fork does no more than run a program. */
static void before_fork(void) {
    if (!is_only_thread() && cm_enter()) {
        cm_locks_acquire_all();
        cm_lock_forker = pthread_self();
        __atomic_store_n(&cm_lock_forking, true, __ATOMIC_RELEASE);
        cm_leave();
    }
}

static void in_parent(void) {
    if (cm_lock_passes() && cm_enter()) {
        __atomic_store_n(&cm_lock_forking, false, __ATOMIC_RELEASE);
        cm_locks_release_all();
        cm_leave();
    }
}

static void in_child(void) {
    if (!cm_lock_passes()) {
        return;
    }
    for (unsigned i = 0; i < LOCKS; i++) {
        cm_lock_reset(lock_number(i));
    }
    cm_thread_after_fork();
    __atomic_store_n(&cm_lock_forking, false, __ATOMIC_RELEASE);
}

void cm_fork_set_up(void) {
    (void)pthread_atfork(before_fork, in_parent, in_child);
}

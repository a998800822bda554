/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_LOCK_H
#define CHUNKMALLOC_HOST_LOCK_H

/*
 * A pthread mutex that spins briefly before it sleeps, and counts how often it was taken.
 *
 * Order: reclaiming, the locks of classes by number, the supply of magazines, purging, the heap's,
 * the threads'. A
 * thread that holds one takes only later ones. fork.c has them all.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct cm_lock {
    pthread_mutex_t mutex;
    uint64_t taken;
};

/* glibc's mutex spins if it is of this kind, musl's always does. */
#ifdef PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP
#define CM_LOCK_INITIALISER \
    { .mutex = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP }
#else
#define CM_LOCK_INITIALISER \
    { .mutex = PTHREAD_MUTEX_INITIALIZER }
#endif

/* The thread that is forking has all locks, and handlers of the program that run between ours and
 * the fork may allocate: it passes. */
extern bool cm_lock_forking __attribute__((visibility("hidden")));
extern pthread_t cm_lock_forker __attribute__((visibility("hidden")));

static inline bool cm_lock_passes(void) {
    return __builtin_expect(__atomic_load_n(&cm_lock_forking, __ATOMIC_ACQUIRE), 0) &&
           pthread_equal(cm_lock_forker, pthread_self());
}

static inline void cm_lock_acquire(struct cm_lock *lock) {
    if (cm_lock_passes()) {
        return;
    }
    (void)pthread_mutex_lock(&lock->mutex);
    __atomic_store_n(&lock->taken, lock->taken + 1, __ATOMIC_RELAXED);
}

/* False if another thread has it. */
static inline bool cm_lock_try(struct cm_lock *lock) {
    if (cm_lock_passes()) {
        return true;
    }
    if (pthread_mutex_trylock(&lock->mutex) != 0) {
        return false;
    }
    __atomic_store_n(&lock->taken, lock->taken + 1, __ATOMIC_RELAXED);
    return true;
}

static inline void cm_lock_release(struct cm_lock *lock) {
    if (cm_lock_passes()) {
        return;
    }
    (void)pthread_mutex_unlock(&lock->mutex);
}

/* In the child of a fork: whoever held it is gone. */
static inline void cm_lock_reset(struct cm_lock *lock) {
    const struct cm_lock fresh = CM_LOCK_INITIALISER;
    lock->mutex = fresh.mutex;
}

#endif

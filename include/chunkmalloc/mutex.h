/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_MUTEX_H
#define CHUNKMALLOC_MUTEX_H

/* A pthread mutex as the lock of a chunk_locked_heap, where there is an operating system. */

#include <pthread.h>

#include "locked.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline void chunk_mutex_acquire(void *mutex) {
    (void)pthread_mutex_lock((pthread_mutex_t *)mutex);
}

static inline void chunk_mutex_release(void *mutex) {
    (void)pthread_mutex_unlock((pthread_mutex_t *)mutex);
}

/* CHUNK_LOCK_MUTEX(&mutex) initialises a struct chunk_lock, also statically. */
#define CHUNK_LOCK_MUTEX(mutex) \
    { chunk_mutex_acquire, chunk_mutex_release, (mutex) }

#ifdef __cplusplus
}
#endif

#endif

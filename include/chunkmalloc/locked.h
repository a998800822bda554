/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_LOCKED_H
#define CHUNKMALLOC_LOCKED_H

/*
 * A chunk heap behind a lock of the caller's choice. Each function takes the lock, calls the
 * function of heap.h with the same name and contract, and releases it; all may be called from any
 * thread that may take the lock. Time: as there, plus waiting for the lock.
 *
 * The misuse hook runs with the lock held.
 */

#include "heap.h"

#ifdef __cplusplus
extern "C" {
#endif

struct chunk_lock {
    void (*acquire)(void *lock);
    void (*release)(void *lock);
    void *lock;
};

struct chunk_locked_heap {
    const struct chunk_heap *heap;
    struct chunk_lock lock;
};

void *chunk_locked_alloc(const struct chunk_locked_heap *locked, size_t size);
void *chunk_locked_alloc_aligned(const struct chunk_locked_heap *locked, size_t alignment,
                                 size_t size);
void *chunk_locked_alloc_zeroed(const struct chunk_locked_heap *locked, size_t size);
void chunk_locked_free(const struct chunk_locked_heap *locked, void *block);
void chunk_locked_free_sized(const struct chunk_locked_heap *locked, void *block, size_t size);
bool chunk_locked_resize(const struct chunk_locked_heap *locked, void *block, size_t size);
void *chunk_locked_realloc(const struct chunk_locked_heap *locked, void *block, size_t size);
size_t chunk_locked_usable_size(const struct chunk_locked_heap *locked, const void *block);
void chunk_locked_get_stats(const struct chunk_locked_heap *locked, struct chunk_heap_stats *stats);
unsigned chunk_locked_usage(const struct chunk_locked_heap *locked);
const char *chunk_locked_check(const struct chunk_locked_heap *locked, enum chunk_check depth);

/* A lock for where there is no operating system: all zero is unlocked. It spins without end while
 * another holds it, so an interrupt handler must not take one that it may have interrupted. */
struct chunk_spin {
    unsigned char held;
};

void chunk_spin_acquire(void *spin);
void chunk_spin_release(void *spin);

/* CHUNK_LOCK_SPIN(&spin) initialises a struct chunk_lock, also statically. */
#define CHUNK_LOCK_SPIN(spin) \
    { chunk_spin_acquire, chunk_spin_release, (spin) }

#ifdef __cplusplus
}
#endif

#endif

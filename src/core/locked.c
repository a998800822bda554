/* SPDX-License-Identifier: MIT */
#include <chunkmalloc/locked.h>

static void lock_heap(const struct chunk_locked_heap *locked) {
    locked->lock.acquire(locked->lock.lock);
}

static void unlock_heap(const struct chunk_locked_heap *locked) {
    locked->lock.release(locked->lock.lock);
}

void *chunk_locked_alloc(const struct chunk_locked_heap *locked, size_t size) {
    lock_heap(locked);
    void *const block = chunk_alloc(locked->heap, size);
    unlock_heap(locked);
    return block;
}

void *chunk_locked_alloc_aligned(const struct chunk_locked_heap *locked, size_t alignment,
                                 size_t size) {
    lock_heap(locked);
    void *const block = chunk_alloc_aligned(locked->heap, alignment, size);
    unlock_heap(locked);
    return block;
}

void *chunk_locked_alloc_zeroed(const struct chunk_locked_heap *locked, size_t size) {
    lock_heap(locked);
    void *const block = chunk_alloc_zeroed(locked->heap, size);
    unlock_heap(locked);
    return block;
}

void chunk_locked_free(const struct chunk_locked_heap *locked, void *block) {
    lock_heap(locked);
    chunk_free(locked->heap, block);
    unlock_heap(locked);
}

void chunk_locked_free_sized(const struct chunk_locked_heap *locked, void *block, size_t size) {
    lock_heap(locked);
    chunk_free_sized(locked->heap, block, size);
    unlock_heap(locked);
}

bool chunk_locked_resize(const struct chunk_locked_heap *locked, void *block, size_t size) {
    lock_heap(locked);
    const bool resized = chunk_resize(locked->heap, block, size);
    unlock_heap(locked);
    return resized;
}

void *chunk_locked_realloc(const struct chunk_locked_heap *locked, void *block, size_t size) {
    lock_heap(locked);
    void *const moved = chunk_realloc(locked->heap, block, size);
    unlock_heap(locked);
    return moved;
}

size_t chunk_locked_usable_size(const struct chunk_locked_heap *locked, const void *block) {
    lock_heap(locked);
    const size_t size = chunk_usable_size(locked->heap, block);
    unlock_heap(locked);
    return size;
}

void chunk_locked_get_stats(const struct chunk_locked_heap *locked,
                            struct chunk_heap_stats *stats) {
    lock_heap(locked);
    chunk_heap_get_stats(locked->heap, stats);
    unlock_heap(locked);
}

unsigned chunk_locked_usage(const struct chunk_locked_heap *locked) {
    lock_heap(locked);
    const unsigned usage = chunk_heap_usage(locked->heap);
    unlock_heap(locked);
    return usage;
}

const char *chunk_locked_check(const struct chunk_locked_heap *locked, enum chunk_check depth) {
    lock_heap(locked);
    const char *const finding = chunk_heap_check(locked->heap, depth);
    unlock_heap(locked);
    return finding;
}

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

void chunk_spin_acquire(void *spin) {
    struct chunk_spin *const lock = (struct chunk_spin *)spin;
    while (__atomic_test_and_set(&lock->held, __ATOMIC_ACQUIRE)) {
        while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED)) {
            relax();
        }
    }
}

void chunk_spin_release(void *spin) {
    __atomic_clear(&((struct chunk_spin *)spin)->held, __ATOMIC_RELEASE);
}

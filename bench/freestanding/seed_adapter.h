/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SEED_ADAPTER_H
#define BENCH_SEED_ADAPTER_H

#include "adapter.h"
#include "seed.h"

static size_t seed_heap_size;

static size_t adapter_bookkeeping(size_t size, size_t chunk_size) {
    return (seed_bitmap_size(size / chunk_size) + 63) / 64 * 64;
}

static void adapter_open(void *memory, size_t size, size_t chunk_size, void *bookkeeping) {
    seed_heap_size = size;
    seed_open(memory, size / chunk_size, chunk_size, bookkeeping);
}

static inline void *adapter_alloc(size_t size) {
    return seed_alloc(1, size);
}

static inline void *adapter_aligned(size_t alignment, size_t size) {
    return seed_alloc(alignment, size);
}

static inline void adapter_free(void *block, size_t size) {
    seed_free(block, size);
}

static inline void *adapter_realloc(void *block, size_t old_size, size_t size) {
    return seed_realloc(block, old_size, size);
}

static inline size_t adapter_taken(size_t size) {
    return seed_taken(size);
}

static inline size_t adapter_request(size_t taken) {
    return taken;
}

static inline size_t adapter_whole(void) {
    return seed_heap_size;
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef BENCH_CHUNK_ADAPTER_H
#define BENCH_CHUNK_ADAPTER_H

#include "adapter.h"

#include <chunkmalloc/heap.h>

static struct chunk_heap chunk_heap_under_test;

static size_t adapter_bookkeeping(size_t size, size_t chunk_size) {
    return (chunk_heap_bookkeeping_size(size / chunk_size, 0) + 63) / 64 * 64;
}

static void adapter_open(void *memory, size_t size, size_t chunk_size, void *bookkeeping) {
    const enum chunk_heap_error error =
        chunk_heap_init(&chunk_heap_under_test, memory, size, chunk_size, bookkeeping,
                        adapter_bookkeeping(size, chunk_size), 0);
    if (error != CHUNK_HEAP_OK)
        fail("chunk_heap_init: %s\n", chunk_heap_error_text(error));
}

static inline void *adapter_alloc(size_t size) {
    return chunk_alloc(&chunk_heap_under_test, size);
}

static inline void *adapter_aligned(size_t alignment, size_t size) {
    return chunk_alloc_aligned(&chunk_heap_under_test, alignment, size);
}

static inline void adapter_free(void *block, size_t size) {
    (void)size;
    chunk_free(&chunk_heap_under_test, block);
}

static inline void *adapter_realloc(void *block, size_t old_size, size_t size) {
    (void)old_size;
    return chunk_realloc(&chunk_heap_under_test, block, size);
}

static inline size_t adapter_taken(size_t size) {
    const size_t unit = chunk_heap_chunk_size(&chunk_heap_under_test);
    return (size + unit - 1) / unit * unit;
}

static inline size_t adapter_request(size_t taken) {
    return taken;
}

static inline size_t adapter_whole(void) {
    return chunk_heap_capacity(&chunk_heap_under_test);
}

#endif

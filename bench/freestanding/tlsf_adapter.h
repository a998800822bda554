/* SPDX-License-Identifier: MIT */
#ifndef BENCH_TLSF_ADAPTER_H
#define BENCH_TLSF_ADAPTER_H

#include "adapter.h"
#include "tlsf.h"

static size_t tlsf_heap_size;

static size_t adapter_bookkeeping(size_t size, size_t chunk_size) {
    (void)size;
    (void)chunk_size;
    return tlsf_lists_size();
}

static void adapter_open(void *memory, size_t size, size_t chunk_size, void *bookkeeping) {
    (void)chunk_size;
    tlsf_heap_size = size;
    tlsf_open(memory, size, bookkeeping);
}

static inline void *adapter_alloc(size_t size) {
    return tlsf_alloc(size);
}

static inline void *adapter_aligned(size_t alignment, size_t size) {
    return tlsf_aligned(alignment, size);
}

static inline void adapter_free(void *block, size_t size) {
    (void)size;
    tlsf_free(block);
}

static inline void *adapter_realloc(void *block, size_t old_size, size_t size) {
    (void)old_size;
    return tlsf_realloc(block, size);
}

static inline size_t adapter_taken(size_t size) {
    return tlsf_taken(size);
}

static inline size_t adapter_request(size_t taken) {
    return taken - 8;
}

static inline size_t adapter_whole(void) {
    return tlsf_whole(tlsf_heap_size);
}

#endif

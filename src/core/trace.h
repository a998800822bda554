/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_CORE_TRACE_H
#define CHUNKMALLOC_CORE_TRACE_H

/*
 * A build with -DCHUNK_HEAP_TRACE calls chunk_heap_trace, which the program defines, after each
 * allocation, failure and resize and before each free; pointer is the block, size what was asked
 * for (0 for a free). It must not use the heap, except to read its statistics.
 */

#include <chunkmalloc/heap.h>

enum chunk_trace { CHUNK_TRACE_ALLOC, CHUNK_TRACE_FREE, CHUNK_TRACE_RESIZE, CHUNK_TRACE_FAILURE };

#ifdef CHUNK_HEAP_TRACE
void chunk_heap_trace(enum chunk_trace event, const struct chunk_heap *heap, const void *pointer,
                      size_t size);
#endif

static inline void trace(enum chunk_trace event, const struct chunk_heap *heap, const void *pointer,
                         size_t size) {
#ifdef CHUNK_HEAP_TRACE
    chunk_heap_trace(event, heap, pointer, size);
#else
    (void)event;
    (void)heap;
    (void)pointer;
    (void)size;
#endif
}

#endif

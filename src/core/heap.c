/* SPDX-License-Identifier: MIT */
#include <chunkmalloc/heap.h>

#include "arith.h"
#include "misuse.h"
#include "run.h"
#include "trace.h"

/* Chunks that a block of size bytes takes, or RUN_NONE if the heap has not as many. */
static uint32_t chunks_for(const struct chunk_heap *heap, size_t size) {
    const size_t last = (size != 0 ? size - 1 : 0) >> heap->chunk_shift;
    return last < heap->chunks ? (uint32_t)last + 1 : RUN_NONE;
}

static unsigned char *address_of(const struct chunk_heap *heap, uint32_t chunk) {
    return heap->memory + ((size_t)chunk << heap->chunk_shift);
}

static void after_change(const struct chunk_heap *heap) {
    if (CHUNK_CHECKS >= 1) {
        chunk_require(chunk_heap_check(heap, CHUNK_CHECKS >= 2 ? CHUNK_CHECK_EXHAUSTIVE
                                                               : CHUNK_CHECK_CHEAP) == NULL);
    }
}

/* What is wrong with an offset in the heap at which no live block starts. */
static enum chunk_misuse misuse_at(const struct chunk_heap *heap, uintptr_t offset) {
    const uintptr_t chunk = offset >> heap->chunk_shift;
    if (chunk >= heap->chunks) {
        return CHUNK_MISUSE_OUTSIDE;
    }
    if (offset != chunk << heap->chunk_shift) {
        return CHUNK_MISUSE_MISALIGNED;
    }
    if (chunk >= heap->state->frontier) {
        return chunk < heap->state->touched ? CHUNK_MISUSE_DOUBLE_FREE : CHUNK_MISUSE_OUTSIDE;
    }
    const uint32_t start = chunk_bitmap_start_of(heap, (uint32_t)chunk);
    return chunk_bitmap_is_live(heap, start) ? CHUNK_MISUSE_INTERIOR : CHUNK_MISUSE_DOUBLE_FREE;
}

/* The chunk at which the live block starts; RUN_NONE, after the misuse is reported, if none does.
 */
static uint32_t locate(const struct chunk_heap *heap, const void *block) {
    const uintptr_t offset = (uintptr_t)block - (uintptr_t)heap->memory;
    const uintptr_t chunk = offset >> heap->chunk_shift;
    if (chunk < heap->state->frontier && offset == chunk << heap->chunk_shift &&
        chunk_bitmap_is_live(heap, (uint32_t)chunk)) {
        return (uint32_t)chunk;
    }
    chunk_misuse_report(heap, misuse_at(heap, offset), block);
    return RUN_NONE;
}

static void *fail(const struct chunk_heap *heap, size_t size) {
    heap->state->failures++;
    trace(CHUNK_TRACE_FAILURE, heap, NULL, size);
    return NULL;
}

static void *allocate(const struct chunk_heap *heap, size_t size, uint32_t align, uint32_t phase) {
    const uint32_t chunk = chunk_run_alloc(heap, chunks_for(heap, size), align, phase);
    if (chunk == RUN_NONE) {
        return fail(heap, size);
    }
    after_change(heap);
    trace(CHUNK_TRACE_ALLOC, heap, address_of(heap, chunk), size);
    return address_of(heap, chunk);
}

void *chunk_alloc(const struct chunk_heap *heap, size_t size) {
    return allocate(heap, size, 1, 0);
}

void *chunk_alloc_aligned(const struct chunk_heap *heap, size_t alignment, size_t size) {
    if (!arith_is_power_of_two(alignment)) {
        return NULL;
    }
    const size_t align = alignment >> heap->chunk_shift;
    if (align <= 1) {
        return allocate(heap, size, 1, 0);
    }
    if (align > CHUNK_HEAP_MAX_CHUNKS) {
        /* At most one chunk of the heap is aligned so; it is not worth a search. */
        return fail(heap, size);
    }
    const uint32_t phase = (uint32_t)(((uintptr_t)heap->memory >> heap->chunk_shift) & (align - 1));
    return allocate(heap, size, (uint32_t)align, phase);
}

void *chunk_alloc_zeroed(const struct chunk_heap *heap, size_t size) {
    const size_t touched = (size_t)heap->state->touched << heap->chunk_shift;
    unsigned char *const block = (unsigned char *)chunk_alloc(heap, size);
    if (block == NULL) {
        return NULL;
    }
    const size_t offset = (size_t)(block - heap->memory);
    if (offset < touched) {
        const size_t dirty = touched - offset;
        __builtin_memset(block, 0, dirty < size ? dirty : size);
    }
    return block;
}

static void release_block(const struct chunk_heap *heap, void *block, uint32_t chunk) {
    trace(CHUNK_TRACE_FREE, heap, block, 0);
    (void)chunk_run_free(heap, chunk);
    after_change(heap);
}

void chunk_free(const struct chunk_heap *heap, void *block) {
    if (block == NULL) {
        return;
    }
    const uint32_t chunk = locate(heap, block);
    if (chunk != RUN_NONE) {
        release_block(heap, block, chunk);
    }
}

void chunk_free_sized(const struct chunk_heap *heap, void *block, size_t size) {
    if (block == NULL) {
        return;
    }
    const uint32_t chunk = locate(heap, block);
    if (chunk == RUN_NONE) {
        return;
    }
    if (chunks_for(heap, size) != chunk_run_length(heap, chunk)) {
        chunk_misuse_report(heap, CHUNK_MISUSE_WRONG_SIZE, block);
        return;
    }
    release_block(heap, block, chunk);
}

bool chunk_resize(const struct chunk_heap *heap, void *block, size_t size) {
    const uint32_t chunk = block != NULL ? locate(heap, block) : RUN_NONE;
    const uint32_t length = chunks_for(heap, size);
    if (chunk == RUN_NONE || length == RUN_NONE ||
        chunk_run_resize(heap, chunk, length, false) == RUN_NONE) {
        return false;
    }
    trace(CHUNK_TRACE_RESIZE, heap, block, size);
    after_change(heap);
    return true;
}

/* A new run for a block that is old chunks long and is to be resized, if it is better off there. */
static uint32_t better_place(const struct chunk_heap *heap, uint32_t old, uint32_t length) {
    const uint32_t less = length < old ? old - length : 0;
    return less > old / 8 ? chunk_run_alloc_tight(heap, length, length + less / 16) : RUN_NONE;
}

/* Makes the live run length chunks long, for size bytes, and returns where its contents now start.
 */
static uint32_t resize_or_move(const struct chunk_heap *heap, uint32_t chunk, uint32_t length,
                               size_t size) {
    const uint32_t old = chunk_run_length(heap, chunk);
    uint32_t place = better_place(heap, old, length);
    if (place == RUN_NONE) {
        if (chunk_run_resize(heap, chunk, length, false) != RUN_NONE) {
            trace(CHUNK_TRACE_RESIZE, heap, address_of(heap, chunk), size);
            return chunk;
        }
        place = chunk_run_alloc(heap, length, 1, 0);
        if (place == RUN_NONE) {
            place = chunk_run_resize(heap, chunk, length, true);
            if (place != RUN_NONE) {
                trace(CHUNK_TRACE_RESIZE, heap, address_of(heap, place), size);
            }
            return place;
        }
    }
    trace(CHUNK_TRACE_ALLOC, heap, address_of(heap, place), size);
    const size_t kept = (size_t)(length < old ? length : old) << heap->chunk_shift;
    __builtin_memcpy(address_of(heap, place), address_of(heap, chunk), kept);
    trace(CHUNK_TRACE_FREE, heap, address_of(heap, chunk), 0);
    (void)chunk_run_free(heap, chunk);
    return place;
}

void *chunk_realloc(const struct chunk_heap *heap, void *block, size_t size) {
    if (block == NULL) {
        return chunk_alloc(heap, size);
    }
    const uint32_t chunk = locate(heap, block);
    if (chunk == RUN_NONE) {
        return NULL;
    }
    const uint32_t length = chunks_for(heap, size);
    const uint32_t place =
        length != RUN_NONE ? resize_or_move(heap, chunk, length, size) : RUN_NONE;
    if (place == RUN_NONE) {
        return fail(heap, size);
    }
    after_change(heap);
    return address_of(heap, place);
}

size_t chunk_usable_size(const struct chunk_heap *heap, const void *block) {
    const uint32_t chunk = block != NULL ? locate(heap, block) : RUN_NONE;
    return chunk != RUN_NONE ? (size_t)chunk_run_length(heap, chunk) << heap->chunk_shift : 0;
}

bool chunk_heap_contains(const struct chunk_heap *heap, const void *address) {
    return ((uintptr_t)address - (uintptr_t)heap->memory) >> heap->chunk_shift < heap->chunks;
}

/* SPDX-License-Identifier: MIT */
#include <chunkmalloc/heap.h>

#include "arith.h"
#include "misuse.h"
#include "run.h"
#include "trace.h"

/* Chunks that a block of size bytes takes, or RUN_NONE if the heap has not as many. */
static uint32_t chunks_for(const struct chunk_heap *heap, size_t size) {
    const size_t whole = size >> heap->chunk_shift;
    if (whole >= heap->chunks) {
        const bool exact = whole == heap->chunks && size == whole << heap->chunk_shift;
        return exact ? heap->chunks : RUN_NONE;
    }
    const size_t rest = size - (whole << heap->chunk_shift);
    return (uint32_t)whole + (rest != 0 || size == 0);
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

/* What is wrong with a chunk at which no live run starts. */
static enum chunk_misuse misuse_at(const struct chunk_heap *heap, uint32_t chunk) {
    if (chunk >= heap->state->frontier) {
        return CHUNK_MISUSE_OUTSIDE;
    }
    const uint32_t start = chunk_bitmap_previous_start(heap, chunk);
    return chunk_bitmap_is_live(heap, start) ? CHUNK_MISUSE_INTERIOR : CHUNK_MISUSE_DOUBLE_FREE;
}

/* The chunk at which the live block starts; RUN_NONE, after the misuse is reported, if none does.
 */
static uint32_t locate(const struct chunk_heap *heap, const void *block) {
    const uintptr_t offset = (uintptr_t)block - (uintptr_t)heap->memory;
    const uintptr_t chunk = offset >> heap->chunk_shift;
    enum chunk_misuse kind = CHUNK_MISUSE_OUTSIDE;
    if (chunk < heap->chunks) {
        if (offset != chunk << heap->chunk_shift) {
            kind = CHUNK_MISUSE_MISALIGNED;
        } else if (chunk_bitmap_is_live(heap, (uint32_t)chunk)) {
            return (uint32_t)chunk;
        } else {
            kind = misuse_at(heap, (uint32_t)chunk);
        }
    }
    chunk_misuse_report(heap, kind, block);
    return RUN_NONE;
}

/* A block, or NULL; that is not counted as a failure yet. */
static void *try_to_allocate(const struct chunk_heap *heap, size_t size, uint32_t align,
                             uint32_t phase) {
    const uint32_t length = chunks_for(heap, size);
    const uint32_t chunk =
        length != RUN_NONE ? chunk_run_alloc(heap, length, align, phase) : RUN_NONE;
    if (chunk == RUN_NONE) {
        return NULL;
    }
    after_change(heap);
    trace(CHUNK_TRACE_ALLOC, heap, address_of(heap, chunk), size);
    return address_of(heap, chunk);
}

static void *fail(const struct chunk_heap *heap, size_t size) {
    heap->state->failures++;
    trace(CHUNK_TRACE_FAILURE, heap, NULL, size);
    return NULL;
}

static void *allocate(const struct chunk_heap *heap, size_t size, uint32_t align, uint32_t phase) {
    void *const block = try_to_allocate(heap, size, align, phase);
    return block != NULL ? block : fail(heap, size);
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
    const size_t touched = (size_t)heap->state->frontier << heap->chunk_shift;
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

static void release(const struct chunk_heap *heap, void *block, uint32_t chunk) {
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
        release(heap, block, chunk);
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
    release(heap, block, chunk);
}

static bool resize(const struct chunk_heap *heap, void *block, uint32_t chunk, uint32_t length,
                   size_t size) {
    if (length == RUN_NONE || !chunk_run_resize(heap, chunk, length)) {
        return false;
    }
    trace(CHUNK_TRACE_RESIZE, heap, block, size);
    after_change(heap);
    return true;
}

bool chunk_resize(const struct chunk_heap *heap, void *block, size_t size) {
    const uint32_t chunk = block != NULL ? locate(heap, block) : RUN_NONE;
    return chunk != RUN_NONE && resize(heap, block, chunk, chunks_for(heap, size), size);
}

/* Moves the contents of a live run that cannot grow where it is. */
static void *move(const struct chunk_heap *heap, void *block, uint32_t chunk, uint32_t length,
                  size_t size) {
    const size_t old_size = (size_t)chunk_run_length(heap, chunk) << heap->chunk_shift;
    void *const fresh = try_to_allocate(heap, size, 1, 0);
    if (fresh != NULL) {
        __builtin_memcpy(fresh, block, old_size);
        release(heap, block, chunk);
        return fresh;
    }
    const uint32_t left = length != RUN_NONE ? chunk_run_slide(heap, chunk, length) : RUN_NONE;
    if (left == RUN_NONE) {
        return fail(heap, size);
    }
    __builtin_memmove(address_of(heap, left), block, old_size);
    const bool resized = chunk_run_resize(heap, left, length);
    chunk_require(resized);
    after_change(heap);
    trace(CHUNK_TRACE_RESIZE, heap, address_of(heap, left), size);
    return address_of(heap, left);
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
    return resize(heap, block, chunk, length, size) ? block
                                                    : move(heap, block, chunk, length, size);
}

size_t chunk_usable_size(const struct chunk_heap *heap, const void *block) {
    const uint32_t chunk = block != NULL ? locate(heap, block) : RUN_NONE;
    return chunk != RUN_NONE ? (size_t)chunk_run_length(heap, chunk) << heap->chunk_shift : 0;
}

bool chunk_heap_contains(const struct chunk_heap *heap, const void *address) {
    return ((uintptr_t)address - (uintptr_t)heap->memory) >> heap->chunk_shift < heap->chunks;
}

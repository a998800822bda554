/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_CORE_BITMAP_H
#define CHUNKMALLOC_CORE_BITMAP_H

/*
 * The two bits of each chunk: "a run starts here" and "and it is live". Words of the two kinds
 * alternate, so that both bits of a chunk share a cache line. Over the start words stand summaries:
 * bit i of a level says whether word i of the level below is not zero, up to a level of one word.
 * All functions take at most one step down and one up per level.
 */

#include "assert.h"
#include "bits.h"
#include <chunkmalloc/heap.h>

static inline bool chunk_bitmap_is_start(const struct chunk_heap *heap, uint32_t chunk) {
    return (heap->bits[(size_t)(chunk / 64) * 2] & bits_one(chunk)) != 0;
}

/* A live run starts at the chunk. */
static inline bool chunk_bitmap_is_live(const struct chunk_heap *heap, uint32_t chunk) {
    return (heap->bits[(size_t)(chunk / 64) * 2 + 1] & bits_one(chunk)) != 0;
}

static inline void chunk_bitmap_set_live(const struct chunk_heap *heap, uint32_t chunk) {
    chunk_debug(chunk_bitmap_is_start(heap, chunk));
    heap->bits[(size_t)(chunk / 64) * 2 + 1] |= bits_one(chunk);
}

static inline void chunk_bitmap_clear_live(const struct chunk_heap *heap, uint32_t chunk) {
    chunk_debug(chunk_bitmap_is_live(heap, chunk));
    heap->bits[(size_t)(chunk / 64) * 2 + 1] &= ~bits_one(chunk);
}

void chunk_bitmap_summarise_set(const struct chunk_heap *heap, uint32_t word);
void chunk_bitmap_summarise_clear(const struct chunk_heap *heap, uint32_t word);
uint32_t chunk_bitmap_next_far(const struct chunk_heap *heap, uint32_t word, uint32_t limit);
uint32_t chunk_bitmap_previous_far(const struct chunk_heap *heap, uint32_t word);

static inline void chunk_bitmap_set_start(const struct chunk_heap *heap, uint32_t chunk) {
    uint64_t *const word = &heap->bits[(size_t)(chunk / 64) * 2];
    const bool was_empty = *word == 0;
    *word |= bits_one(chunk);
    if (was_empty) {
        chunk_bitmap_summarise_set(heap, chunk / 64);
    }
}

static inline void chunk_bitmap_clear_start(const struct chunk_heap *heap, uint32_t chunk) {
    chunk_debug(chunk_bitmap_is_start(heap, chunk) && !chunk_bitmap_is_live(heap, chunk));
    uint64_t *const word = &heap->bits[(size_t)(chunk / 64) * 2];
    *word &= ~bits_one(chunk);
    if (*word == 0) {
        chunk_bitmap_summarise_clear(heap, chunk / 64);
    }
}

/* The first start at or above the chunk, or limit, which no start may reach. */
static inline uint32_t chunk_bitmap_next_start(const struct chunk_heap *heap, uint32_t chunk,
                                               uint32_t limit) {
    if (chunk >= limit) {
        return limit;
    }
    const uint64_t word = heap->bits[(size_t)(chunk / 64) * 2] >> (chunk & 63);
    return word != 0 ? chunk + bits_lowest(word)
                     : chunk_bitmap_next_far(heap, chunk / 64 + 1, limit);
}

/* The last start at or below the chunk; there is one. */
static inline uint32_t chunk_bitmap_previous_start(const struct chunk_heap *heap, uint32_t chunk) {
    const uint64_t word = heap->bits[(size_t)(chunk / 64) * 2] & bits_up_to(chunk);
    return word != 0 ? (chunk & ~63u) + bits_highest(word)
                     : chunk_bitmap_previous_far(heap, chunk / 64);
}

#endif

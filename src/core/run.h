/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_CORE_RUN_H
#define CHUNKMALLOC_CORE_RUN_H

/*
 * Runs of chunks: the state machine beneath heap.h, in chunk numbers instead of pointers.
 *
 * Invariants between calls: below the frontier, runs lie end to end, the first at chunk 0; no two
 * free runs are neighbours; each free run is in the index; nothing starts at or above the frontier.
 */

#include "index.h"

#define RUN_NONE INDEX_NONE

static inline uint32_t chunk_run_available(const struct chunk_heap *heap) {
    return heap->grows ? heap->state->opened : heap->chunks;
}

/* Length of the run, live or free, that starts at the chunk. */
static inline uint32_t chunk_run_length(const struct chunk_heap *heap, uint32_t chunk) {
    return chunk_bitmap_next_start(heap, chunk + 1, heap->state->frontier) - chunk;
}

/*
 * A live run of length chunks (at least 1) that starts at a chunk c with (c + phase) a multiple of
 * align, a power of two. RUN_NONE if none is found.
 */
uint32_t chunk_run_alloc(const struct chunk_heap *heap, uint32_t length, uint32_t align,
                         uint32_t phase);

/* The same without alignment, and only below the frontier: a run that was used before. */
uint32_t chunk_run_alloc_free(const struct chunk_heap *heap, uint32_t length);

/* A live run of length chunks at the start of a free one at least twice as long: with room to grow.
 * RUN_NONE if none is found below the frontier. */
uint32_t chunk_run_alloc_roomy(const struct chunk_heap *heap, uint32_t length);

/* Frees a live run and joins it with its free neighbours. Returns where the joined run starts. */
uint32_t chunk_run_free(const struct chunk_heap *heap, uint32_t chunk);

/* Makes a live run length chunks long in place; false, with nothing changed, if it cannot grow. */
bool chunk_run_resize(const struct chunk_heap *heap, uint32_t chunk, uint32_t length);

/*
 * Joins a live run with the free run on its left, if chunk_run_resize to length can then not fail.
 * Returns the new start, or RUN_NONE with nothing changed. The contents stay where they are, so the
 * caller moves them before it resizes.
 */
uint32_t chunk_run_slide(const struct chunk_heap *heap, uint32_t chunk, uint32_t length);

/* Turns the whole of a free run into a live one. */
void chunk_run_claim(const struct chunk_heap *heap, uint32_t chunk);

#endif

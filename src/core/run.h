/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_CORE_RUN_H
#define CHUNKMALLOC_CORE_RUN_H

/*
 * Runs of chunks: the state machine beneath heap.h, in chunk numbers instead of pointers.
 *
 * Invariants between calls: below the frontier, runs lie end to end, the first at chunk 0; no free
 * run has a free neighbour or ends at the frontier; each is in the index; at the frontier, unless
 * that never moved, is the wall, and nothing starts above it.
 */

#include "index.h"

#define RUN_NONE INDEX_NONE

static inline uint32_t chunk_run_available(const struct chunk_heap *heap) {
    return heap->grows ? heap->state->opened : heap->chunks;
}

/* Length of the run, live or free, that starts at the chunk. */
uint32_t chunk_run_length(const struct chunk_heap *heap, uint32_t chunk);

/*
 * A live run of length chunks (at least 1) that starts at a chunk c with (c + phase) a multiple of
 * align, a power of two. RUN_NONE if none is found.
 */
uint32_t chunk_run_alloc(const struct chunk_heap *heap, uint32_t length, uint32_t align,
                         uint32_t phase);

/* The same at the start of a free run of at most `most` chunks, which is at least length. */
uint32_t chunk_run_alloc_tight(const struct chunk_heap *heap, uint32_t length, uint32_t most);

/* The same at the start of a free run, or of what was used before above the frontier, that is at
 * least twice as long: with room to grow. */
uint32_t chunk_run_alloc_roomy(const struct chunk_heap *heap, uint32_t length);

/* Frees a live run and joins it with its free neighbours, or lowers the frontier to its start.
 * Returns where the joined run starts. */
uint32_t chunk_run_free(const struct chunk_heap *heap, uint32_t chunk);

/*
 * Makes a live run length chunks long. If it slides, it first takes what is free on its left, and
 * its contents move down. Returns the new start, or RUN_NONE with nothing changed if it cannot
 * grow.
 */
uint32_t chunk_run_resize(const struct chunk_heap *heap, uint32_t chunk, uint32_t length,
                          bool slides);

/* Turns the whole of a free run into a live one; of the chunks above the frontier, if the chunk is
 * that, all that were used before: there is one at least. Returns its length. */
uint32_t chunk_run_claim(const struct chunk_heap *heap, uint32_t chunk);

#endif

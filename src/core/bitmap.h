/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_CORE_BITMAP_H
#define CHUNKMALLOC_CORE_BITMAP_H

/*
 * The two bits of each chunk: "a run starts here" and, where one does, "and it is live". Words of
 * the two kinds alternate, so that both bits of a chunk share a cache line.
 *
 * Where no run starts, the second bit has no meaning. Of a run that covers several whole words the
 * second words are therefore free to say how far it is: the first of them holds the number of the
 * word in which the next run starts, the last that of the word in which this one does. So either
 * end of a run of any length is found from the other in three steps.
 *
 * At the frontier there is a live start, the wall: each run has a next one, and none grows over it.
 */

#include "assert.h"
#include "bits.h"
#include "steps.h"

static inline chunk_word *chunk_bitmap_pair(const struct chunk_heap *heap, uint32_t word) {
    CHUNK_STEP(PAIR);
    return &heap->bits[(size_t)word * 2];
}

static inline bool chunk_bitmap_is_start(const struct chunk_heap *heap, uint32_t chunk) {
    return (chunk_bitmap_pair(heap, chunk / BITS_WORD)[0] & bits_one(chunk)) != 0;
}

/* A live run starts at the chunk. */
static inline bool chunk_bitmap_is_live(const struct chunk_heap *heap, uint32_t chunk) {
    const chunk_word *const pair = chunk_bitmap_pair(heap, chunk / BITS_WORD);
    return (pair[0] & pair[1] & bits_one(chunk)) != 0;
}

/* A free run starts at the chunk. */
static inline bool chunk_bitmap_is_free(const struct chunk_heap *heap, uint32_t chunk) {
    const chunk_word *const pair = chunk_bitmap_pair(heap, chunk / BITS_WORD);
    return (pair[0] & ~pair[1] & bits_one(chunk)) != 0;
}

/* Enters the run [chunk, end), in which no other starts. */
static inline void chunk_bitmap_mark(const struct chunk_heap *heap, uint32_t chunk, uint32_t end,
                                     bool live) {
    const uint32_t word = chunk / BITS_WORD;
    const uint32_t last = end / BITS_WORD;
    chunk_word *const pair = chunk_bitmap_pair(heap, word);
    pair[0] |= bits_one(chunk);
    pair[1] = live ? pair[1] | bits_one(chunk) : pair[1] & ~bits_one(chunk);
    if (last > word + 2) {
        chunk_bitmap_pair(heap, word + 1)[1] = last;
        chunk_bitmap_pair(heap, last - 1)[1] = word;
    }
}

/* No run starts at the chunk any more. */
static inline void chunk_bitmap_clear(const struct chunk_heap *heap, uint32_t chunk) {
    chunk_bitmap_pair(heap, chunk / BITS_WORD)[0] &= ~bits_one(chunk);
}

/* The start after that of the run at the chunk: the next run, or the wall. */
static inline uint32_t chunk_bitmap_next(const struct chunk_heap *heap, uint32_t chunk) {
    uint32_t word = chunk / BITS_WORD;
    const chunk_word *pair = chunk_bitmap_pair(heap, word);
    const chunk_word above = pair[0] >> (chunk % BITS_WORD) >> 1;
    if (above != 0) {
        return chunk + 1 + bits_lowest(above);
    }
    pair += 2;
    word++;
    CHUNK_STEP(PAIR);
    if (pair[0] == 0) {
        CHUNK_STEP(PAIR);
        word = pair[2] != 0 ? word + 1 : (uint32_t)pair[1];
        pair = chunk_bitmap_pair(heap, word);
    }
    chunk_require(pair[0] != 0);
    return word * BITS_WORD + bits_lowest(pair[0]);
}

/* The start before that of the run (or the wall) at the chunk, which is not the first. */
static inline uint32_t chunk_bitmap_previous(const struct chunk_heap *heap, uint32_t chunk) {
    uint32_t word = chunk / BITS_WORD;
    const chunk_word *pair = chunk_bitmap_pair(heap, word);
    chunk_word below = pair[0] & (bits_one(chunk) - 1);
    if (below == 0) {
        pair -= 2;
        word--;
        CHUNK_STEP(PAIR);
        if (pair[0] == 0) {
            CHUNK_STEP(PAIR);
            word = pair[-2] != 0 ? word - 1 : (uint32_t)pair[1];
            pair = chunk_bitmap_pair(heap, word);
        }
        below = pair[0];
        chunk_require(below != 0);
    }
    return word * BITS_WORD + bits_highest(below);
}

/* The start of the run in which the chunk, which is below the frontier, lies. Looks at each word
 * in between. */
static inline uint32_t chunk_bitmap_start_of(const struct chunk_heap *heap, uint32_t chunk) {
    uint32_t word = chunk / BITS_WORD;
    chunk_word below = chunk_bitmap_pair(heap, word)[0] & bits_up_to(chunk);
    while (below == 0) {
        CHUNK_STEP(TURN);
        chunk_require(word > 0);
        word--;
        below = chunk_bitmap_pair(heap, word)[0];
    }
    return word * BITS_WORD + bits_highest(below);
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_CORE_INDEX_H
#define CHUNKMALLOC_CORE_INDEX_H

/*
 * The two-level segregated index over free runs. Lists 0 to 31 hold runs of exactly that length;
 * from there each power of two is divided into 32 lists. A row is 32 lists; state->rows says which
 * rows have a list that is not empty, the row's map which lists.
 *
 * Nodes are hints: they may lie where a program can overwrite them, so each is checked against the
 * bitmap and its neighbours before it is used, and the index can be rebuilt from the bitmap alone.
 */

#include "bitmap.h"

#define INDEX_NONE UINT32_MAX
enum { INDEX_ROW = 32 };

/* Puts the free run [chunk, chunk + length) at the head of its list. */
void chunk_index_insert(const struct chunk_heap *heap, uint32_t chunk, uint32_t length);

/* Takes the free run out. Reports CHUNK_MISUSE_CORRUPT, then rebuilds, if its node is damaged. */
void chunk_index_remove(const struct chunk_heap *heap, uint32_t chunk, uint32_t length);

/* The head of the first list of which every run has at least that length, or INDEX_NONE. */
uint32_t chunk_index_fit(const struct chunk_heap *heap, uint32_t length);

/* The head of the list that a run of this length is in, or INDEX_NONE. */
uint32_t chunk_index_head(const struct chunk_heap *heap, uint32_t length);

/* The run after this one in its list, or INDEX_NONE; also when the link cannot be true. */
uint32_t chunk_index_next(const struct chunk_heap *heap, uint32_t chunk);

/* The number of the list that a run of this length is in. */
static inline uint32_t chunk_index_list(uint32_t length) {
    if (length < INDEX_ROW) {
        return length;
    }
    const unsigned log = bits_highest(length);
    return (log - 4) * INDEX_ROW + ((length >> (log - 5)) & (INDEX_ROW - 1));
}

static inline uint32_t chunk_index_rows(const struct chunk_heap *heap) {
    return CHUNK_HEAP_ROWS_(heap->chunks);
}

static inline uint32_t *chunk_index_map(const struct chunk_heap *heap, uint32_t row) {
    return &heap->index[row];
}

static inline uint32_t *chunk_index_heads(const struct chunk_heap *heap) {
    return heap->index + chunk_index_rows(heap);
}

/* The one place that decides where nodes lie. */
static inline struct chunk_node *chunk_index_node(const struct chunk_heap *heap, uint32_t chunk) {
    if (heap->nodes != NULL) {
        return &heap->nodes[chunk];
    }
    unsigned char *const memory = heap->memory + ((size_t)chunk << heap->chunk_shift);
    return (struct chunk_node *)(void *)memory;
}

/* May a link name this chunk: does a free run start there? */
static inline bool chunk_index_plausible(const struct chunk_heap *heap, uint32_t chunk) {
    return chunk < heap->state->frontier && chunk_bitmap_is_start(heap, chunk) &&
           !chunk_bitmap_is_live(heap, chunk);
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_CORE_INDEX_H
#define CHUNKMALLOC_CORE_INDEX_H

/*
 * The two-level segregated index over free runs. Lists 0 to 31 hold runs of exactly that length;
 * from there each power of two is divided into 32 lists. A row is 32 lists; state->rows says which
 * rows have a list that is not empty, the row's map which lists.
 *
 * The nodes of a list may lie where a program can overwrite them. So a link is followed only to
 * what the bitmap says is a free run, and no link is stored as it is: memory that was cleared, or
 * filled with ones, is not a node.
 */

#include "bitmap.h"
#include "misuse.h"

#define INDEX_NONE UINT32_MAX
#define INDEX_MASK 0xa5a55aa5u
enum { INDEX_ROW = 32 };

/* The one place that decides where nodes lie. */
static inline struct chunk_node *chunk_index_node(const struct chunk_heap *heap, uint32_t chunk) {
    CHUNK_STEP(NODE);
    unsigned char *const node = heap->nodes + ((size_t)chunk << heap->node_shift);
    return (struct chunk_node *)(void *)node;
}

/* What a node stores for a link: chunk number + 1, or 0 for none, masked. */
static inline chunk_link chunk_index_masked(uint32_t link) {
    return (chunk_link)(link ^ INDEX_MASK);
}

/* The free run that a stored link of the node at the chunk names, or INDEX_NONE. Does not return if
 * none starts there. */
static inline uint32_t chunk_index_follow(const struct chunk_heap *heap, uint32_t chunk,
                                          chunk_link stored) {
    const uint32_t named = (uint32_t)chunk_index_masked(stored) - 1;
    if (named != INDEX_NONE &&
        (named >= heap->state->frontier || !chunk_bitmap_is_free(heap, named))) {
        chunk_misuse_corrupt(heap, chunk_index_node(heap, chunk));
    }
    return named;
}

/* The number of the list that a run of this length is in. */
static inline uint32_t chunk_index_list(uint32_t length) {
    if (length < INDEX_ROW) {
        return length;
    }
    const unsigned log = bits_highest(length);
    return (log - 5) * INDEX_ROW + (length >> (log - 5));
}

/* The first run of a list, or INDEX_NONE. */
static inline uint32_t chunk_index_head(const struct chunk_heap *heap, uint32_t list) {
    CHUNK_STEP(LIST);
    return (uint32_t)heap->heads[list] - 1;
}

/* The first list at or after this one that is not empty, or 0. */
static inline uint32_t chunk_index_from(const struct chunk_heap *heap, uint32_t list) {
    uint32_t row = list / INDEX_ROW;
    uint32_t rows = heap->state->rows >> row;
    uint32_t map = 0;
    if ((rows & 1) != 0) {
        CHUNK_STEP(LIST);
        map = heap->maps[row] & UINT32_MAX << list % INDEX_ROW;
    }
    if (map == 0) {
        rows >>= 1;
        if (rows == 0) {
            return 0;
        }
        row += 1 + bits_lowest(rows);
        CHUNK_STEP(LIST);
        map = heap->maps[row];
        chunk_debug(map != 0);
    }
    return row * INDEX_ROW + bits_lowest(map);
}

/* Puts the free run [chunk, end) at the head of its list. */
static inline void chunk_index_insert(const struct chunk_heap *heap, uint32_t chunk, uint32_t end) {
    chunk_debug(chunk < end && end < heap->state->frontier);
    const uint32_t list = chunk_index_list(end - chunk);
    CHUNK_STEP(LIST);
    chunk_link *const head = &heap->heads[list];
    struct chunk_node *const node = chunk_index_node(heap, chunk);
    node->next = chunk_index_masked(*head);
    node->previous = chunk_index_masked(0);
    if (*head != 0) {
        chunk_index_node(heap, *head - 1u)->previous = chunk_index_masked(chunk + 1);
    }
    *head = (chunk_link)(chunk + 1);
    CHUNK_STEP(LIST);
    heap->maps[list / INDEX_ROW] |= (uint32_t)1 << list % INDEX_ROW;
    heap->state->rows |= (uint32_t)1 << list / INDEX_ROW;
    heap->state->free++;
}

/* Takes the free run [chunk, end) out. Does not return if its node is damaged. */
static inline void chunk_index_remove(const struct chunk_heap *heap, uint32_t chunk, uint32_t end) {
    const uint32_t list = chunk_index_list(end - chunk);
    const struct chunk_node node = *chunk_index_node(heap, chunk);
    const uint32_t next = chunk_index_follow(heap, chunk, node.next);
    const uint32_t previous = chunk_index_follow(heap, chunk, node.previous);
    heap->state->free--;
    if (next != INDEX_NONE) {
        chunk_index_node(heap, next)->previous = node.previous;
    }
    if (previous != INDEX_NONE) {
        chunk_index_node(heap, previous)->next = node.next;
        return;
    }
    if (chunk_index_head(heap, list) != chunk) {
        chunk_misuse_corrupt(heap, chunk_index_node(heap, chunk));
    }
    heap->heads[list] = (chunk_link)(next + 1);
    if (next == INDEX_NONE) {
        CHUNK_STEP(LIST);
        uint32_t *const map = &heap->maps[list / INDEX_ROW];
        *map &= ~((uint32_t)1 << list % INDEX_ROW);
        if (*map == 0) {
            heap->state->rows &= ~((uint32_t)1 << list / INDEX_ROW);
        }
    }
}

#endif

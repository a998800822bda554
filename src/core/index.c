/* SPDX-License-Identifier: MIT */
#include "index.h"

#include "misuse.h"

void chunk_index_insert(const struct chunk_heap *heap, uint32_t chunk, uint32_t length) {
    chunk_debug(length > 0 && chunk + length <= heap->state->frontier);
    const uint32_t list = chunk_index_list(length);
    const uint32_t row = list / INDEX_ROW;
    chunk_require(row < chunk_index_rows(heap));
    uint32_t *const head = &chunk_index_heads(heap)[list];
    struct chunk_node *const node = chunk_index_node(heap, chunk);
    node->next = *head;
    node->prev = 0;
    if (*head != 0) {
        chunk_index_node(heap, *head - 1)->prev = chunk + 1;
    }
    *head = chunk + 1;
    *chunk_index_map(heap, row) |= (uint32_t)1 << (list % INDEX_ROW);
    heap->state->rows |= (uint32_t)1 << row;
    heap->state->free++;
}

static bool node_is_sound(const struct chunk_heap *heap, uint32_t chunk, uint32_t list) {
    const struct chunk_node node = *chunk_index_node(heap, chunk);
    if (node.next != 0 && (!chunk_index_plausible(heap, node.next - 1) ||
                           chunk_index_node(heap, node.next - 1)->prev != chunk + 1)) {
        return false;
    }
    if (node.prev == 0) {
        return chunk_index_heads(heap)[list] == chunk + 1;
    }
    return chunk_index_plausible(heap, node.prev - 1) &&
           chunk_index_node(heap, node.prev - 1)->next == chunk + 1;
}

static void rebuild(const struct chunk_heap *heap) {
    struct chunk_heap_state *const state = heap->state;
    const uint32_t words = chunk_index_rows(heap) * (INDEX_ROW + 1);
    for (uint32_t i = 0; i < words; i++) {
        heap->index[i] = 0;
    }
    state->rows = 0;
    state->free = 0;
    for (uint32_t chunk = 0; chunk < state->frontier;) {
        const uint32_t next = chunk_bitmap_next_start(heap, chunk + 1, state->frontier);
        if (!chunk_bitmap_is_live(heap, chunk)) {
            chunk_index_insert(heap, chunk, next - chunk);
        }
        chunk = next;
    }
}

void chunk_index_remove(const struct chunk_heap *heap, uint32_t chunk, uint32_t length) {
    const uint32_t list = chunk_index_list(length);
    if (!node_is_sound(heap, chunk, list)) {
        chunk_misuse_report(heap, CHUNK_MISUSE_CORRUPT, chunk_index_node(heap, chunk));
        rebuild(heap);
        chunk_require(node_is_sound(heap, chunk, list));
    }
    const struct chunk_node node = *chunk_index_node(heap, chunk);
    uint32_t *const heads = chunk_index_heads(heap);
    if (node.next != 0) {
        chunk_index_node(heap, node.next - 1)->prev = node.prev;
    }
    if (node.prev != 0) {
        chunk_index_node(heap, node.prev - 1)->next = node.next;
    } else {
        heads[list] = node.next;
    }
    if (heads[list] == 0) {
        uint32_t *const map = chunk_index_map(heap, list / INDEX_ROW);
        *map &= ~((uint32_t)1 << (list % INDEX_ROW));
        if (*map == 0) {
            heap->state->rows &= ~((uint32_t)1 << (list / INDEX_ROW));
        }
    }
    chunk_require(heap->state->free > 0);
    heap->state->free--;
}

uint32_t chunk_index_fit(const struct chunk_heap *heap, uint32_t length) {
    uint64_t least = length;
    if (length >= INDEX_ROW) {
        least += ((uint64_t)1 << (bits_highest(length) - 5)) - 1;
    }
    if (least > heap->chunks) {
        return INDEX_NONE;
    }
    const uint32_t list = chunk_index_list((uint32_t)least);
    uint32_t row = list / INDEX_ROW;
    uint32_t map = *chunk_index_map(heap, row) & (UINT32_MAX << (list % INDEX_ROW));
    if (map == 0) {
        const uint32_t rows = heap->state->rows & ((UINT32_MAX << row) << 1);
        if (rows == 0) {
            return INDEX_NONE;
        }
        row = bits_lowest(rows);
        map = *chunk_index_map(heap, row);
        chunk_require(map != 0);
    }
    const uint32_t head = chunk_index_heads(heap)[row * INDEX_ROW + bits_lowest(map)];
    chunk_require(head != 0 && chunk_index_plausible(heap, head - 1));
    return head - 1;
}

uint32_t chunk_index_head(const struct chunk_heap *heap, uint32_t length) {
    const uint32_t head = chunk_index_heads(heap)[chunk_index_list(length)];
    return head != 0 ? head - 1 : INDEX_NONE;
}

uint32_t chunk_index_next(const struct chunk_heap *heap, uint32_t chunk) {
    const uint32_t next = chunk_index_node(heap, chunk)->next;
    return next != 0 && chunk_index_plausible(heap, next - 1) ? next - 1 : INDEX_NONE;
}

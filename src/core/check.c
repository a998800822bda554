/* SPDX-License-Identifier: MIT */
#include "run.h"

static const char *check_counters(const struct chunk_heap *heap) {
    const struct chunk_heap_state *const state = heap->state;
    if (state->opened > heap->chunks || state->frontier > chunk_run_available(heap)) {
        return "the frontier is above the available chunks";
    }
    if (state->touched < state->frontier || state->touched > heap->chunks) {
        return "the frontier is above what it ever was";
    }
    if (state->used > state->frontier || state->peak < state->used ||
        state->peak > state->touched) {
        return "more chunks are used than were handed out";
    }
    if (state->live > state->used || state->free > state->frontier - state->used) {
        return "there are more runs than chunks";
    }
    if ((state->free == 0) != (state->rows == 0)) {
        return "the index is empty while there are free runs, or the other way round";
    }
    return NULL;
}

static const char *check_rows(const struct chunk_heap *heap) {
    const uint32_t rows = CHUNK_HEAP_ROWS_(heap->chunks);
    for (uint32_t row = 0; row < rows; row++) {
        const uint32_t map = heap->maps[row];
        if ((map != 0) != ((heap->state->rows >> row & 1) != 0)) {
            return "a row's map disagrees with the map of rows";
        }
        for (uint32_t i = 0; i < INDEX_ROW; i++) {
            if ((heap->heads[row * INDEX_ROW + i] != 0) != ((map >> i & 1) != 0)) {
                return "a list's head disagrees with its row's map";
            }
        }
    }
    return heap->state->rows >> rows == 0 ? NULL
                                          : "the map of rows names a row that does not exist";
}

static const char *check_list(const struct chunk_heap *heap, uint32_t list, uint32_t *runs) {
    uint32_t previous = 0;
    for (uint32_t link = heap->heads[list]; link != 0; (*runs)++) {
        const uint32_t chunk = link - 1;
        if (*runs >= heap->state->free || chunk >= heap->state->frontier ||
            !chunk_bitmap_is_free(heap, chunk)) {
            return "a list leads to something that is not a free run";
        }
        if (chunk_index_list(chunk_run_length(heap, chunk)) != list) {
            return "a free run is in the list of another length";
        }
        if (chunk_index_masked(chunk_index_node(heap, chunk)->previous) != previous) {
            return "the links of a list disagree";
        }
        previous = link;
        link = chunk_index_masked(chunk_index_node(heap, chunk)->next);
    }
    return NULL;
}

static const char *check_lists(const struct chunk_heap *heap) {
    uint32_t runs = 0;
    for (uint32_t list = 0; list < CHUNK_HEAP_ROWS_(heap->chunks) * INDEX_ROW; list++) {
        const char *const finding = check_list(heap, list, &runs);
        if (finding != NULL) {
            return finding;
        }
    }
    return runs == heap->state->free ? NULL : "a free run is in no list";
}

/* That there is a run at the first chunk and a wall at the frontier, and nothing above that; in a
 * heap that grows, only as far as the bits are in reach. */
static const char *check_words(const struct chunk_heap *heap) {
    const uint32_t frontier = heap->state->frontier;
    const uint32_t last = chunk_run_available(heap) / BITS_WORD;
    for (uint32_t word = frontier / BITS_WORD; word <= last; word++) {
        const chunk_word below = word == frontier / BITS_WORD ? bits_up_to(frontier) : 0;
        if ((chunk_bitmap_pair(heap, word)[0] & ~below) != 0) {
            return "a run starts above the frontier";
        }
    }
    if (heap->state->touched != 0 && !chunk_bitmap_is_live(heap, frontier)) {
        return "there is no wall at the frontier";
    }
    return frontier == 0 || chunk_bitmap_is_start(heap, 0) ? NULL
                                                           : "no run starts at the first chunk";
}

/* The words that say how far a run goes, against each word in between. */
static const char *check_far(const struct chunk_heap *heap) {
    uint32_t since = 0; /* the last word with a start in it */
    for (uint32_t word = 1; word <= heap->state->frontier / BITS_WORD; word++) {
        if (chunk_bitmap_pair(heap, word)[0] == 0) {
            continue;
        }
        if (word > since + 2 && (chunk_bitmap_pair(heap, since + 1)[1] != word ||
                                 chunk_bitmap_pair(heap, word - 1)[1] != since)) {
            return "a run's end is not where its bits say";
        }
        since = word;
    }
    return NULL;
}

static const char *check_runs(const struct chunk_heap *heap) {
    const struct chunk_heap_state *const state = heap->state;
    uint64_t used = 0;
    uint32_t live = 0;
    uint32_t free = 0;
    bool after_free = false;
    for (uint32_t chunk = 0; chunk < state->frontier;) {
        const uint32_t length = chunk_run_length(heap, chunk);
        const bool is_live = chunk_bitmap_is_live(heap, chunk);
        if (!is_live && after_free) {
            return "two free runs are neighbours";
        }
        used += is_live ? length : 0;
        live += is_live;
        free += !is_live;
        after_free = !is_live;
        chunk += length;
    }
    if (after_free) {
        return "a free run ends at the frontier";
    }
    if (used != state->used || live != state->live || free != state->free) {
        return "the counters disagree with the runs";
    }
    return NULL;
}

const char *chunk_heap_check(const struct chunk_heap *heap, enum chunk_check depth) {
    static const char *(*const checks[])(const struct chunk_heap *) = {
        check_counters, check_rows, check_words, check_far, check_runs, check_lists,
    };
    const size_t count = depth == CHUNK_CHECK_EXHAUSTIVE ? sizeof checks / sizeof *checks : 2;
    for (size_t i = 0; i < count; i++) {
        const char *const finding = checks[i](heap);
        if (finding != NULL) {
            return finding;
        }
    }
    return NULL;
}

/* SPDX-License-Identifier: MIT */
#include "run.h"

static const char *check_counters(const struct chunk_heap *heap) {
    const struct chunk_heap_state *const state = heap->state;
    if (state->opened > heap->chunks || state->frontier > chunk_run_available(heap)) {
        return "the frontier is above the available chunks";
    }
    if (state->used > state->frontier || state->peak < state->used) {
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
    const uint32_t *const heads = chunk_index_heads(heap);
    for (uint32_t row = 0; row < chunk_index_rows(heap); row++) {
        const uint32_t map = *chunk_index_map(heap, row);
        if ((map != 0) != ((heap->state->rows >> row & 1) != 0)) {
            return "a row's map disagrees with the map of rows";
        }
        for (uint32_t i = 0; i < INDEX_ROW; i++) {
            if ((heads[row * INDEX_ROW + i] != 0) != ((map >> i & 1) != 0)) {
                return "a list's head disagrees with its row's map";
            }
        }
    }
    if (chunk_index_rows(heap) < 32 && heap->state->rows >> chunk_index_rows(heap) != 0) {
        return "the map of rows names a row that does not exist";
    }
    return NULL;
}

static const char *check_list(const struct chunk_heap *heap, uint32_t list, uint32_t *runs) {
    uint32_t previous = 0;
    for (uint32_t link = chunk_index_heads(heap)[list]; link != 0; (*runs)++) {
        const uint32_t chunk = link - 1;
        if (*runs >= heap->state->free || !chunk_index_plausible(heap, chunk)) {
            return "a list leads to something that is not a free run";
        }
        if (chunk_index_list(chunk_run_length(heap, chunk)) != list) {
            return "a free run is in the list of another length";
        }
        if (chunk_index_node(heap, chunk)->prev != previous) {
            return "the links of a list disagree";
        }
        previous = link;
        link = chunk_index_node(heap, chunk)->next;
    }
    return NULL;
}

static const char *check_lists(const struct chunk_heap *heap) {
    uint32_t runs = 0;
    for (uint32_t list = 0; list < chunk_index_rows(heap) * INDEX_ROW; list++) {
        const char *const finding = check_list(heap, list, &runs);
        if (finding != NULL) {
            return finding;
        }
    }
    return runs == heap->state->free ? NULL : "a free run is in no list";
}

static const char *check_words(const struct chunk_heap *heap) {
    const uint32_t frontier = heap->state->frontier;
    for (uint32_t word = 0; word < bits_words(heap->chunks); word++) {
        const uint64_t starts = heap->bits[(size_t)word * 2];
        const uint64_t live = heap->bits[(size_t)word * 2 + 1];
        if ((live & ~starts) != 0) {
            return "a live run starts where no run does";
        }
        const uint64_t first = (uint64_t)word * 64;
        const uint64_t below = frontier <= first        ? 0
                               : frontier - first >= 64 ? ~(uint64_t)0
                                                        : bits_one(frontier) - 1;
        if ((starts & ~below) != 0) {
            return "a run starts above the frontier";
        }
    }
    return frontier == 0 || chunk_bitmap_is_start(heap, 0) ? NULL
                                                           : "no run starts at the first chunk";
}

static const char *check_summaries(const struct chunk_heap *heap) {
    const uint64_t *below = heap->bits;
    uint32_t words = bits_words(heap->chunks);
    size_t stride = 2;
    while (words > 1) {
        const uint64_t *const level = below + words * stride;
        for (uint32_t i = 0; i < bits_words(words) * 64; i++) {
            const bool filled = i < words && below[i * stride] != 0;
            if (filled != ((level[i / 64] & bits_one(i)) != 0)) {
                return "a summary bit disagrees with its word";
            }
        }
        below = level;
        words = bits_words(words);
        stride = 1;
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
    if (used != state->used || live != state->live || free != state->free) {
        return "the counters disagree with the runs";
    }
    return NULL;
}

const char *chunk_heap_check(const struct chunk_heap *heap, enum chunk_check depth) {
    static const char *(*const checks[])(const struct chunk_heap *) = {
        check_counters, check_rows, check_words, check_summaries, check_runs, check_lists,
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

/* SPDX-License-Identifier: MIT */
#include "run.h"

#include "arith.h"

/* Chunks to skip from the chunk to the first place that suits align and phase. */
static uint64_t skip_to_aligned(uint32_t chunk, uint32_t align, uint32_t phase) {
    const uint64_t place = (uint64_t)chunk + phase;
    return arith_round_up(place, align) - place;
}

static void note_peak(const struct chunk_heap *heap) {
    struct chunk_heap_state *const state = heap->state;
    chunk_debug(state->used <= state->frontier);
    if (state->used > state->peak) {
        state->peak = state->used;
    }
}

/* Cuts [chunk, chunk + whole), which starts at a start, is not live, and is not in the index, into
 * free skip, live length, and a free rest. Does not touch the memory of what becomes live. */
static uint32_t cut(const struct chunk_heap *heap, uint32_t chunk, uint32_t whole, uint32_t skip,
                    uint32_t length) {
    chunk_debug(skip + length <= whole);
    const uint32_t start = chunk + skip;
    const uint32_t rest = whole - skip - length;
    if (skip > 0) {
        chunk_bitmap_set_start(heap, start);
        chunk_index_insert(heap, chunk, skip);
    }
    if (rest > 0) {
        chunk_bitmap_set_start(heap, start + length);
        chunk_index_insert(heap, start + length, rest);
    }
    chunk_bitmap_set_live(heap, start);
    heap->state->live++;
    heap->state->used += length;
    note_peak(heap);
    return start;
}

static uint32_t take(const struct chunk_heap *heap, uint32_t chunk, uint32_t whole, uint32_t skip,
                     uint32_t length) {
    chunk_index_remove(heap, chunk, whole);
    return cut(heap, chunk, whole, skip, length);
}

static uint32_t take_if_fits(const struct chunk_heap *heap, uint32_t chunk, uint32_t length,
                             uint32_t align, uint32_t phase) {
    if (chunk == INDEX_NONE) {
        return RUN_NONE;
    }
    const uint32_t whole = chunk_run_length(heap, chunk);
    const uint64_t skip = skip_to_aligned(chunk, align, phase);
    return skip + length <= whole ? take(heap, chunk, whole, (uint32_t)skip, length) : RUN_NONE;
}

/* Looks through the list of runs about as long as `listed`, of which some may suit. */
static uint32_t take_by_search(const struct chunk_heap *heap, uint32_t listed, uint32_t length,
                               uint32_t align, uint32_t phase) {
    uint32_t chunk = chunk_index_head(heap, listed);
    for (unsigned i = 0; i < CHUNK_HEAP_SEARCH_MAX && chunk != INDEX_NONE; i++) {
        const uint32_t found = take_if_fits(heap, chunk, length, align, phase);
        if (found != RUN_NONE) {
            return found;
        }
        chunk = chunk_index_next(heap, chunk);
    }
    return RUN_NONE;
}

/* Start of the free run that ends at the frontier, or the frontier. */
static uint32_t tail_start(const struct chunk_heap *heap) {
    const uint32_t frontier = heap->state->frontier;
    if (frontier == 0) {
        return 0;
    }
    const uint32_t last = chunk_bitmap_previous_start(heap, frontier - 1);
    return chunk_bitmap_is_live(heap, last) ? frontier : last;
}

/* Moves the frontier up as far as it takes, then takes from the run that now ends there. */
static uint32_t take_from_frontier(const struct chunk_heap *heap, uint32_t length, uint32_t align,
                                   uint32_t phase) {
    struct chunk_heap_state *const state = heap->state;
    const uint32_t tail = tail_start(heap);
    const uint32_t available = chunk_run_available(heap);
    const uint64_t skip = skip_to_aligned(tail, align, phase);
    const uint64_t end = tail + skip + length;
    if (end > available) {
        return RUN_NONE;
    }
    if (tail < state->frontier) {
        chunk_index_remove(heap, tail, state->frontier - tail);
    } else {
        chunk_bitmap_set_start(heap, tail);
    }
    if (end > state->frontier) {
        state->frontier = (uint32_t)end;
    }
    return cut(heap, tail, state->frontier - tail, (uint32_t)skip, length);
}

uint32_t chunk_run_alloc(const struct chunk_heap *heap, uint32_t length, uint32_t align,
                         uint32_t phase) {
    chunk_debug(length > 0 && align > 0 && (align & (align - 1)) == 0);
    uint32_t found = RUN_NONE;
    if (length <= chunk_run_available(heap)) {
        found = take_if_fits(heap, chunk_index_fit(heap, length), length, align, phase);
        if (found == RUN_NONE && align > 1 && align <= heap->chunks - length) {
            const uint32_t enough = length + align - 1;
            found = take_if_fits(heap, chunk_index_fit(heap, enough), length, align, phase);
            if (found == RUN_NONE) {
                found = take_by_search(heap, enough, length, align, phase);
            }
        }
        if (found == RUN_NONE) {
            found = take_by_search(heap, length, length, align, phase);
        }
        if (found == RUN_NONE) {
            found = take_from_frontier(heap, length, align, phase);
        }
    }
    heap->state->allocations += found != RUN_NONE;
    return found;
}

/* Makes one live run of a free run and the live run at chunk, its right neighbour. */
static void join_left(const struct chunk_heap *heap, uint32_t left, uint32_t chunk) {
    chunk_index_remove(heap, left, chunk - left);
    chunk_bitmap_clear_live(heap, chunk);
    chunk_bitmap_clear_start(heap, chunk);
    chunk_bitmap_set_live(heap, left);
}

uint32_t chunk_run_alloc_roomy(const struct chunk_heap *heap, uint32_t length) {
    if (length > chunk_run_available(heap) / 2) {
        return RUN_NONE;
    }
    const uint32_t found = take_if_fits(heap, chunk_index_fit(heap, 2 * length), length, 1, 0);
    heap->state->allocations += found != RUN_NONE;
    return found;
}

/* The bitmap is made true for each neighbour before the next is taken out of the index: a rebuild,
 * should a node turn out to be damaged, then finds every free run but none of those joined. */
uint32_t chunk_run_free(const struct chunk_heap *heap, uint32_t chunk) {
    struct chunk_heap_state *const state = heap->state;
    const uint32_t length = chunk_run_length(heap, chunk);
    uint32_t start = chunk;
    uint32_t end = chunk + length;
    chunk_require(state->used >= length && state->live > 0);
    state->used -= length;
    state->live--;
    if (chunk > 0) {
        const uint32_t left = chunk_bitmap_previous_start(heap, chunk - 1);
        if (!chunk_bitmap_is_live(heap, left)) {
            join_left(heap, left, chunk);
            start = left;
        }
    }
    if (end < state->frontier && !chunk_bitmap_is_live(heap, end)) {
        const uint32_t right = chunk_run_length(heap, end);
        chunk_index_remove(heap, end, right);
        chunk_bitmap_clear_start(heap, end);
        end += right;
    }
    chunk_bitmap_clear_live(heap, start);
    chunk_index_insert(heap, start, end - start);
    return start;
}

static void shrink(const struct chunk_heap *heap, uint32_t chunk, uint32_t length) {
    const uint32_t tail = chunk + length;
    chunk_bitmap_set_start(heap, tail);
    chunk_bitmap_set_live(heap, tail);
    heap->state->live++;
    (void)chunk_run_free(heap, tail);
}

/* Chunks by which a live run that ends there could grow in place. */
static uint32_t room_at(const struct chunk_heap *heap, uint32_t end) {
    const uint32_t frontier = heap->state->frontier;
    const uint32_t above = chunk_run_available(heap) - frontier;
    if (end == frontier) {
        return above;
    }
    if (chunk_bitmap_is_live(heap, end)) {
        return 0;
    }
    const uint32_t right = chunk_run_length(heap, end);
    return end + right == frontier ? right + above : right;
}

static void grow(const struct chunk_heap *heap, uint32_t end, uint32_t more) {
    struct chunk_heap_state *const state = heap->state;
    const uint32_t new_end = end + more;
    uint32_t right = 0;
    if (end < state->frontier) {
        right = chunk_run_length(heap, end);
        chunk_index_remove(heap, end, right);
        chunk_bitmap_clear_start(heap, end);
    }
    if (new_end > state->frontier) {
        state->frontier = new_end;
    } else if (right > more) {
        chunk_bitmap_set_start(heap, new_end);
        chunk_index_insert(heap, new_end, right - more);
    }
    state->used += more;
}

bool chunk_run_resize(const struct chunk_heap *heap, uint32_t chunk, uint32_t length) {
    const uint32_t old = chunk_run_length(heap, chunk);
    if (length < old) {
        shrink(heap, chunk, length);
    } else if (length > old) {
        if (length - old > room_at(heap, chunk + old)) {
            return false;
        }
        grow(heap, chunk + old, length - old);
    }
    note_peak(heap);
    return true;
}

uint32_t chunk_run_slide(const struct chunk_heap *heap, uint32_t chunk, uint32_t length) {
    if (chunk == 0) {
        return RUN_NONE;
    }
    const uint32_t left = chunk_bitmap_previous_start(heap, chunk - 1);
    const uint32_t old = chunk_run_length(heap, chunk);
    if (chunk_bitmap_is_live(heap, left) ||
        (uint64_t)(chunk - left) + old + room_at(heap, chunk + old) < length) {
        return RUN_NONE;
    }
    join_left(heap, left, chunk);
    heap->state->used += chunk - left;
    return left;
}

void chunk_run_claim(const struct chunk_heap *heap, uint32_t chunk) {
    const uint32_t length = chunk_run_length(heap, chunk);
    chunk_index_remove(heap, chunk, length);
    chunk_bitmap_set_live(heap, chunk);
    heap->state->live++;
    heap->state->used += length;
    note_peak(heap);
}

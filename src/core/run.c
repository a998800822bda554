/* SPDX-License-Identifier: MIT */
#include "run.h"

/* Calls among the steps of an operation take a tenth of its time. Where size counts more, or time
 * does not count, the compiler decides. */
#if defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__)
#define RUN_STEP static inline __attribute__((always_inline))
#else
#define RUN_STEP static
#endif

uint32_t chunk_run_length(const struct chunk_heap *heap, uint32_t chunk) {
    return chunk_bitmap_next(heap, chunk) - chunk;
}

/* Moves the wall. What is between the old one and the new is the caller's to enter. */
static void set_frontier(const struct chunk_heap *heap, uint32_t chunk) {
    struct chunk_heap_state *const state = heap->state;
    chunk_bitmap_clear(heap, state->frontier);
    chunk_bitmap_mark(heap, chunk, chunk, true);
    state->frontier = chunk;
    if (chunk > state->touched) {
        state->touched = chunk;
    }
}

/* [chunk, end), which may be nothing, becomes a free run or goes back beyond the frontier. */
RUN_STEP void release(const struct chunk_heap *heap, uint32_t chunk, uint32_t end) {
    if (chunk == end) {
        return;
    }
    if (end == heap->state->frontier) {
        set_frontier(heap, chunk);
        return;
    }
    chunk_bitmap_mark(heap, chunk, end, false);
    chunk_index_insert(heap, chunk, end);
}

/* Of [from, to), where only a run that is in no list starts, if any: [start, end) becomes a live
 * run, the rest on either side free. */
RUN_STEP void lay(const struct chunk_heap *heap, uint32_t from, uint32_t start, uint32_t end,
                  uint32_t to) {
    release(heap, from, start);
    release(heap, end, to);
    chunk_bitmap_mark(heap, start, end, true);
}

/* May the frontier rise to the end? */
static bool can_reach(const struct chunk_heap *heap, uint32_t end) {
    uint32_t available = chunk_run_available(heap);
    if (end > available && heap->source != NULL && heap->source(heap, end - available)) {
        available = chunk_run_available(heap);
    }
    return end <= available;
}

static void note_used(const struct chunk_heap *heap, uint32_t more) {
    struct chunk_heap_state *const state = heap->state;
    state->used += more;
    if (state->used > state->peak) {
        state->peak = state->used;
    }
}

/* The first place at or above the chunk that suits align and phase. */
static uint32_t aligned(uint32_t chunk, uint32_t align, uint32_t phase) {
    return chunk + (-(chunk + phase) & (align - 1));
}

/*
 * A free run from which the request can be met, or the frontier; its end, or the frontier. Looks at
 * CHUNK_HEAP_SEARCH_MAX runs, from those of about the request's length upwards; then at one that is
 * certain to do.
 */
RUN_STEP uint32_t find(const struct chunk_heap *heap, uint32_t length, uint32_t align,
                       uint32_t phase, uint32_t *end) {
    /* The last list with a run that cannot serve whatever its alignment. */
    const uint32_t last = chunk_index_list(length - 1 + (align - 1));
    uint32_t list = chunk_index_list(length);
    uint32_t chunk = chunk_index_head(heap, list);
    for (unsigned left = CHUNK_HEAP_SEARCH_MAX - 1;; left--) {
        CHUNK_STEP(TURN);
        if (chunk == INDEX_NONE) {
            list = chunk_index_from(heap, list + 1);
            if (list == 0) {
                *end = heap->state->frontier;
                return *end;
            }
            chunk = chunk_index_head(heap, list);
        }
        *end = chunk_bitmap_next(heap, chunk);
        const uint32_t start = aligned(chunk, align, phase);
        if (start < *end && length <= *end - start) {
            return chunk;
        }
        chunk_debug(list <= last);
        if (left == 0) {
            list = last;
            chunk = INDEX_NONE;
        } else {
            chunk = chunk_index_follow(heap, chunk, chunk_index_node(heap, chunk)->next);
        }
    }
}

/* Makes a live run of length chunks from start on, out of [chunk, end) as find returned them. */
RUN_STEP uint32_t take(const struct chunk_heap *heap, uint32_t chunk, uint32_t end, uint32_t start,
                       uint32_t length) {
    if (chunk != end) {
        chunk_index_remove(heap, chunk, end);
    } else {
        end = start + length;
        if (start > heap->chunks || !can_reach(heap, end)) {
            return RUN_NONE;
        }
        set_frontier(heap, end);
    }
    lay(heap, chunk, start, start + length, end);
    heap->state->live++;
    heap->state->allocations++;
    heap->state->granted += length;
    note_used(heap, length);
    return start;
}

/* A live run of length chunks, out of a free one of at most so many or, if that is 0, out of any
 * and of what is above the frontier. */
RUN_STEP uint32_t obtain(const struct chunk_heap *heap, uint32_t length, uint32_t align,
                         uint32_t phase, uint32_t most) {
    chunk_debug(length > 0 && (align & (align - 1)) == 0);
    if (length > heap->chunks) {
        return RUN_NONE;
    }
    uint32_t end;
    const uint32_t chunk = find(heap, length, align, phase, &end);
    if (most != 0 && (chunk == end || end - chunk > most)) {
        return RUN_NONE;
    }
    return take(heap, chunk, end, aligned(chunk, align, phase), length);
}

uint32_t chunk_run_alloc(const struct chunk_heap *heap, uint32_t length, uint32_t align,
                         uint32_t phase) {
    return obtain(heap, length, align, phase, 0);
}

uint32_t chunk_run_alloc_tight(const struct chunk_heap *heap, uint32_t length, uint32_t most) {
    return obtain(heap, length, 1, 0, most);
}

uint32_t chunk_run_alloc_roomy(const struct chunk_heap *heap, uint32_t length) {
    if (length > heap->chunks / 2) {
        return RUN_NONE;
    }
    uint32_t end;
    const uint32_t chunk = find(heap, 2 * length, 1, 0, &end);
    const bool has_room = chunk != end || heap->state->touched - end >= 2 * length;
    return has_room ? take(heap, chunk, end, chunk, length) : RUN_NONE;
}

/* The first chunk of the free run that lies before the live run at the chunk, or the chunk itself.
 */
RUN_STEP uint32_t left_of(const struct chunk_heap *heap, uint32_t chunk) {
    const uint32_t left = chunk != 0 ? chunk_bitmap_previous(heap, chunk) : 0;
    return chunk_bitmap_is_free(heap, left) ? left : chunk;
}

/* Takes the free run [left, chunk), if it is one, out of the index, and forgets that a live one
 * starts at the chunk. */
RUN_STEP void open_left(const struct chunk_heap *heap, uint32_t left, uint32_t chunk) {
    if (left != chunk) {
        chunk_index_remove(heap, left, chunk);
        chunk_bitmap_clear(heap, chunk);
    }
}

/* Does the same with what lies after the live run that ends at end, be it a free run or the
 * frontier, if the live one could then end as far up as wanted. Returns the end of both. */
RUN_STEP uint32_t open_right(const struct chunk_heap *heap, uint32_t end, uint32_t wanted) {
    uint32_t limit = end;
    if (end == heap->state->frontier) {
        if (wanted > end && can_reach(heap, wanted)) {
            set_frontier(heap, wanted);
            limit = wanted;
        }
    } else if (chunk_bitmap_is_free(heap, end)) {
        const uint32_t right = chunk_bitmap_next(heap, end);
        if (wanted <= right) {
            chunk_index_remove(heap, end, right);
            chunk_bitmap_clear(heap, end);
            limit = right;
        }
    }
    return limit;
}

/*
 * Makes the live run length chunks long, or free if that is 0. If it slides, it first takes what is
 * free on its left, and its contents move down. Returns the new start, or RUN_NONE with nothing
 * changed if it cannot grow.
 */
RUN_STEP uint32_t reshape(const struct chunk_heap *heap, uint32_t chunk, uint32_t length,
                          bool slides) {
    const uint32_t end = chunk_bitmap_next(heap, chunk);
    const uint32_t start = slides ? left_of(heap, chunk) : chunk;
    const uint32_t wanted = start + length;
    const uint32_t limit = open_right(heap, end, wanted);
    if (wanted > limit) {
        return RUN_NONE;
    }
    open_left(heap, start, chunk);
    if (slides && length != 0) {
        const unsigned shift = heap->chunk_shift;
        __builtin_memmove(heap->memory + ((size_t)start << shift),
                          heap->memory + ((size_t)chunk << shift), (size_t)(end - chunk) << shift);
    }
    release(heap, wanted, limit);
    heap->state->used -= end - chunk;
    if (length != 0) {
        chunk_bitmap_mark(heap, start, wanted, true);
        note_used(heap, length);
    }
    return start;
}

uint32_t chunk_run_free(const struct chunk_heap *heap, uint32_t chunk) {
    struct chunk_heap_state *const state = heap->state;
    const uint32_t start = reshape(heap, chunk, 0, true);
    /* Neither may fall below 0. */
    chunk_require(state->used <= state->touched && state->live > 0);
    state->live--;
    return start;
}

uint32_t chunk_run_resize(const struct chunk_heap *heap, uint32_t chunk, uint32_t length,
                          bool slides) {
    return reshape(heap, chunk, length, slides);
}

uint32_t chunk_run_claim(const struct chunk_heap *heap, uint32_t chunk) {
    uint32_t end = heap->state->touched;
    if (chunk == heap->state->frontier) {
        set_frontier(heap, end);
    } else {
        end = chunk_bitmap_next(heap, chunk);
        chunk_index_remove(heap, chunk, end);
    }
    chunk_bitmap_mark(heap, chunk, end, true);
    heap->state->live++;
    note_used(heap, end - chunk);
    return end - chunk;
}

/* SPDX-License-Identifier: MIT */
/*
 * Usage: model_waste [SEED]
 *
 * What a heap wastes: no more than heap.h says in random states, and as much in states made for it.
 * src/core/README.md derives the bounds.
 */
#include <stdlib.h>

#include <chunkmalloc/heap.h>

#include "../support.h"
#include "area.h"

enum { CHUNK = 16, MOST_CHUNKS = 1 << 15, LOOKS = CHUNK_HEAP_SEARCH_MAX };

static struct chunk_heap heap;
static struct area memory;
static struct area bookkeeping;

static void open_heap(uint32_t chunks) {
    memory = area_create((size_t)chunks * CHUNK, 0);
    bookkeeping = area_create(chunk_heap_bookkeeping_size(chunks, 0), 0);
    CHECK(chunk_heap_init(&heap, memory.bytes, memory.size, CHUNK, bookkeeping.bytes,
                          bookkeeping.size, CHUNK_HEAP_ZEROED) == CHUNK_HEAP_OK);
}

static void close_heap(void) {
    CHECK(chunk_heap_check(&heap, CHUNK_CHECK_EXHAUSTIVE) == NULL);
    area_destroy(&memory);
    area_destroy(&bookkeeping);
}

static void *alloc(size_t length) {
    return chunk_alloc(&heap, length * CHUNK);
}

static void *alloc_aligned(size_t align, size_t length) {
    return chunk_alloc_aligned(&heap, align * CHUNK, length * CHUNK);
}

static void *must(void *block) {
    CHECK(block != NULL);
    return block;
}

static uintptr_t place_of(const void *block) {
    return (uintptr_t)block / CHUNK;
}

/* ---- what is free ------------------------------------------------------------------------------
 */

/* Of the free runs, and of what is above the frontier. */
struct view {
    size_t align;  /* asked for */
    size_t length; /* likewise */
    size_t free;
    size_t live;
    size_t longest;
    size_t candidates; /* runs that may be looked at before one that is certain to do */
    bool fits;         /* a place that suits lies in one of them */
};

static bool has_place(const struct view *view, uintptr_t start, size_t length) {
    const size_t skipped = -start & (view->align - 1);
    return skipped < length && view->length <= length - skipped;
}

/* Shorter than this, or longer by so little that it may be in the same list. */
static bool within_list_of(size_t length, size_t other) {
    return other <= length || (length >= 64 && (other - length) * 32 < length);
}

static bool look_at(void *context, const struct chunk_run *run) {
    struct view *const view = context;
    const size_t length = run->size / CHUNK;
    if (run->live) {
        view->live++;
        return true;
    }
    view->free += length;
    view->longest = length > view->longest ? length : view->longest;
    view->fits |= has_place(view, place_of(run->start), length);
    const size_t uncertain = view->length + view->align - 2;
    view->candidates += length * 33 > view->length * 32 && within_list_of(uncertain, length);
    return true;
}

static struct view view_for(size_t align, size_t length) {
    struct view view = {.align = align, .length = length};
    (void)chunk_heap_walk(&heap, look_at, &view);
    return view;
}

static unsigned missed; /* requests that were refused although there was a place */

/* Was it right to refuse this request? */
static void judge_refusal(size_t align, size_t length) {
    const struct view view = view_for(align, length);
    struct chunk_heap_stats stats;
    chunk_heap_get_stats(&heap, &stats);
    const size_t above = stats.chunks - stats.frontier;
    CHECK(!has_place(&view, place_of(memory.bytes) + stats.frontier, above));
    CHECK(!view.fits || view.candidates > LOOKS);
    CHECK(align > 1 || length >= 64 || !view.fits);
    missed += view.fits;
    /* Runs that need not suit, wherever they lie, are shorter than this; so are others in the same
     * list. Each ends at a live block. */
    const size_t uncertain = length + align - 2;
    CHECK(within_list_of(uncertain, view.longest));
    CHECK(view.free * 32 <= view.live * (uncertain * 33) && above <= uncertain);
}

/* What is not in use is free: in a run, or above the frontier. */
static void judge_heap(size_t used) {
    const struct view view = view_for(1, 1);
    struct chunk_heap_stats stats;
    chunk_heap_get_stats(&heap, &stats);
    CHECK(stats.used == used);
    CHECK(used + view.free + (stats.chunks - stats.frontier) == stats.chunks);
    /* What is said to be had can be had, and the longest run is hardly longer. */
    const size_t above = stats.chunks - stats.frontier;
    CHECK(stats.largest_free >= above && stats.largest_free <= stats.chunks - used);
    CHECK(view.longest <= stats.largest_free || within_list_of(stats.largest_free, view.longest));
    if (stats.largest_free > 0) {
        chunk_free(&heap, must(alloc(stats.largest_free)));
    }
}

/* ---- random states -----------------------------------------------------------------------------
 */

static struct support_random dice;
static void *blocks[MOST_CHUNKS];
static size_t block_count;
static size_t used; /* chunks */

static size_t chunks_of(size_t size) {
    return size == 0 ? 1 : (size + CHUNK - 1) / CHUNK;
}

static bool add_block(size_t size, size_t align) {
    void *const block =
        align > 1 ? chunk_alloc_aligned(&heap, align * CHUNK, size) : chunk_alloc(&heap, size);
    if (block == NULL) {
        judge_refusal(align, chunks_of(size));
        return false;
    }
    /* Not a chunk more than it needs, and what is skipped stays free. */
    CHECK(chunk_usable_size(&heap, block) == chunks_of(size) * CHUNK);
    used += chunks_of(size);
    blocks[block_count++] = block;
    return true;
}

static void drop_block(void) {
    const size_t index = random_below(&dice, block_count);
    used -= chunk_usable_size(&heap, blocks[index]) / CHUNK;
    chunk_free(&heap, blocks[index]);
    blocks[index] = blocks[--block_count];
}

/* Fills the heap, and frees at every refusal. */
static void random_states(uint32_t chunks, size_t largest, size_t most_aligned, unsigned refusals) {
    open_heap(chunks);
    block_count = used = 0;
    while (refusals > 0) {
        const size_t align = (size_t)1 << random_below(&dice, most_aligned);
        if (add_block(random_below(&dice, largest * CHUNK + 1), align)) {
            continue;
        }
        refusals--;
        judge_heap(used);
        for (size_t left = random_below(&dice, block_count / 4 + 2); left > 0 && block_count > 0;
             left--) {
            drop_block();
        }
    }
    close_heap();
}

/* ---- states that waste as much as there can be -------------------------------------------------
 */

static void *holes[4 * LOOKS];
static size_t hole_count;

/* A free run to be, that starts so many chunks after a place aligned to align. */
static void place_hole(size_t align, size_t after, size_t length) {
    const uintptr_t next = place_of(must(alloc(1))) + 1;
    const size_t skipped = (after - next) & (align - 1);
    if (skipped > 0) {
        must(alloc(skipped));
    }
    holes[hole_count++] = must(alloc(length));
}

/* Fills what is left of the heap. The hole placed first is then the last of its list. */
static void open_holes(void) {
    struct chunk_heap_stats stats;
    must(alloc(1));
    chunk_heap_get_stats(&heap, &stats);
    must(alloc(stats.chunks - stats.frontier));
    for (size_t i = 0; i < hole_count; i++) {
        chunk_free(&heap, holes[i]);
    }
    hole_count = 0;
}

/* A run that suits is missed if as many that do not as are looked at come before it. */
static void miss_length(size_t length) {
    for (size_t others = LOOKS - 1; others <= LOOKS; others++) {
        open_heap(MOST_CHUNKS);
        place_hole(1, 0, length);
        for (size_t i = 0; i < others; i++) {
            place_hole(1, 0, length - 1);
        }
        open_holes();
        CHECK((alloc(length) != NULL) == (others < LOOKS));
        close_heap();
    }
}

/* The same where all are long enough, but for their alignment. */
static void miss_place(size_t align, size_t length, size_t suitable, size_t after) {
    for (size_t others = LOOKS - 1; others <= LOOKS; others++) {
        open_heap(MOST_CHUNKS);
        place_hole(align, after, suitable);
        for (size_t i = 0; i < others; i++) {
            place_hole(align, 1, length + align - 2);
        }
        open_holes();
        CHECK((alloc_aligned(align, length) != NULL) == (others < LOOKS));
        close_heap();
    }
}

/* Free runs one chunk too short before each live block, which are as short as can be. */
static void refuse_most(size_t length) {
    open_heap(MOST_CHUNKS);
    block_count = 0;
    for (;;) {
        void *const block = alloc(block_count % 2 == 0 ? length - 1 : 1);
        if (block == NULL) {
            break;
        }
        blocks[block_count++] = block;
    }
    for (size_t i = 0; i < block_count; i += 2) {
        chunk_free(&heap, blocks[i]);
    }
    CHECK(alloc(length) == NULL);
    const struct view view = view_for(1, length);
    CHECK(view.free == view.live * (length - 1));
    judge_refusal(1, length);
    close_heap();
}

/* Chunks copied for a block of FIRST that shrinks by one part in so many at a time, and finds a gap
 * that it would fill at each step. */
enum { FIRST = 4096 };
static size_t copied_by_shrinking(size_t parts) {
    size_t lengths[256] = {FIRST};
    size_t count = 1;
    while (lengths[count - 1] >= 64) {
        const size_t old = lengths[count - 1];
        lengths[count++] = old - old / parts - 1;
    }
    open_heap(8 * MOST_CHUNKS);
    void *block = must(alloc(FIRST));
    void *gaps[256];
    for (size_t i = 1; i < count; i++) {
        must(alloc(1));
        gaps[i] = must(alloc(lengths[i]));
    }
    must(alloc(1));
    for (size_t i = 1; i < count; i++) {
        chunk_free(&heap, gaps[i]);
    }
    size_t copied = 0;
    for (size_t i = 1; i < count; i++) {
        void *const moved = must(chunk_realloc(&heap, block, lengths[i] * CHUNK));
        copied += moved != block ? lengths[i] : 0;
        block = moved;
    }
    close_heap();
    return copied;
}

int main(int argc, char **argv) {
    dice.state = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    miss_length(65); /* the shortest that can be missed */
    miss_length(127);
    miss_length(1024 + 31);
    miss_place(2, 1, 1, 0);
    miss_place(64, 100, 162, 0);
    /* One that would suit wherever it lies. */
    miss_place(64, 200, 263, 1);
    refuse_most(2);
    refuse_most(63);
    size_t most_copied = 0;
    for (size_t parts = 2; parts <= 64; parts++) {
        const size_t copied = copied_by_shrinking(parts);
        most_copied = copied > most_copied ? copied : most_copied;
    }
    CHECK(most_copied < 7 * (size_t)FIRST && most_copied > 6 * (size_t)FIRST);
    for (uint32_t chunks = 1; chunks <= MOST_CHUNKS; chunks = chunks * 3 + 1) {
        random_states(chunks, 1 + chunks / 100, 1, 300);
        random_states(chunks, 1 + chunks / 10, 1, 300);
        random_states(chunks, 1 + chunks / 100, 8, 300);
        random_states(chunks, 1 + chunks / 20, 12, 300);
    }
    CHECK(missed > 0);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Usage: model_steps [SEED]
 *
 * Heaps made to cost as many steps as there can be, then known bad layouts and random calls on
 * heaps of up to millions of chunks. No call may take more steps than heap.h says; and as many were
 * found, so that the bounds are no larger than they must be. src/core/README.md derives them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../support.h"
#include "counted.h"

enum {
    WORD = CHUNK_WORD_BITS_,
    /* Runs so long cover two whole words of the bitmap wherever they start, three at most: to find
     * their end takes four looks. All that follows holds for words of 32 and of 64 bits. */
    FAR = 4 * WORD,
    FREE_SOON = 256, /* blocks at most that a heap is built from and that are freed again */
};

static struct counted_heap heap;

/* Blocks that become free runs. */
static void *holes[FREE_SOON];
static size_t hole_count;

static void *must(void *block) {
    CHECK(block != NULL);
    return block;
}

/* What is placed later lies above. */
static void *place(size_t length) {
    return must(counted_alloc(&heap, length));
}

static void place_hole(size_t length) {
    CHECK(hole_count < FREE_SOON);
    holes[hole_count++] = place(length);
}

static void fence(void) {
    (void)place(1);
}

static void place_holes(size_t count, size_t length) {
    for (size_t i = 0; i < count; i++) {
        place_hole(length);
        fence();
    }
}

static size_t chunk_after(const void *block, size_t length) {
    return ((uintptr_t)block >> heap.heap.chunk_shift) + length;
}

/* Above everything, a hole that starts that many chunks after a place aligned to align. */
static void place_misaligned(size_t align, size_t after, size_t length) {
    const size_t next = chunk_after(must(place(1)), 1);
    (void)place((align - next % align) + after);
    place_hole(length);
    fence();
}

/* The hole placed last will be the first of its list. */
static void open_holes(void) {
    for (size_t i = 0; i < hole_count; i++) {
        counted_free(&heap, holes[i]);
    }
    hole_count = 0;
}

static void check_heap(void) {
    const char *const finding = chunk_heap_check(&heap.heap, CHUNK_CHECK_EXHAUSTIVE);
    if (finding != NULL) {
        (void)fprintf(stderr, "%s\n", finding);
        exit(1);
    }
}

/* ---- the worst of each call --------------------------------------------------------------------
 */

/*
 * Prepares for a request of the length returned, which is about base, a power of two: its list has
 * as many runs as are looked at, all one chunk too short; the next list with a run is in a later
 * row, and has two of them; one is cut, and what is left goes to a list that has another.
 */
static size_t place_for_slow_alloc(size_t base) {
    const size_t length = base + base / 32 - 1;
    place_holes(CHUNK_HEAP_SEARCH_MAX, length - 1);
    place_holes(2, length + base - 2);
    place_holes(1, base - 2);
    return length;
}

static void slow_alloc(void) {
    const size_t length = place_for_slow_alloc(FAR);
    open_holes();
    (void)place(length);
}

/*
 * As many runs as are looked at, each the only one of its row, and starting just after a place that
 * would suit; then two that are certain to do, of which one is cut in three.
 */
static void slow_aligned(void) {
    const size_t length = 3 * WORD + 8;
    const size_t align = (size_t)FAR << (CHUNK_HEAP_SEARCH_MAX - 1);
    place_holes(1, 2 * WORD + 2); /* before the request's list, in its row */
    for (size_t i = 0; i < CHUNK_HEAP_SEARCH_MAX; i++) {
        place_misaligned(align, 1, (size_t)FAR << i);
    }
    for (size_t i = 0; i < 2; i++) {
        place_misaligned(align, align - FAR, 2 * align + FAR + 2 * length);
    }
    open_holes();
    must(counted_aligned(&heap, align, length));
}

/* A block between free runs, each of which is between two others in its list. */
static void *place_between(size_t free, size_t length) {
    place_holes(1, free);
    place_hole(free);
    void *const block = place(length);
    place_hole(free);
    fence();
    place_holes(1, free);
    return block;
}

static void *place_for_slow_free(void) {
    place_holes(1, 3 * FAR); /* in whose list the joined run will be */
    return place_between(FAR, FAR);
}

static void slow_free(void) {
    void *const block = place_for_slow_free();
    open_holes();
    counted_free(&heap, block);
}

static void slow_free_sized(void) {
    void *const block = place_for_slow_free();
    open_holes();
    counted_free_sized(&heap, block, FAR);
}

/* Takes half of the run that follows; there is another as long as what is left. */
static void slow_resize(void) {
    place_holes(1, FAR);
    void *const block = place_between(2 * FAR, FAR);
    open_holes();
    CHECK(counted_resize(&heap, block, 2 * FAR));
}

/* Moves, because the run that follows is too short. */
static void slow_move(void) {
    const size_t length = place_for_slow_alloc(4 * FAR);
    void *const block = place_for_slow_free();
    open_holes();
    CHECK(must(counted_realloc(&heap, block, length)) != block);
}

/* Shrinks, and finds only a gap that is too large. */
static void slow_shrink(void) {
    const size_t length = place_for_slow_alloc(FAR);
    place_holes(1, 5 * FAR - length); /* as long as what is given up and follows */
    void *const block = place_between(FAR, 4 * FAR);
    open_holes();
    CHECK(counted_realloc(&heap, block, length) == block);
}

/* All that is free is too short, in the request's own list as much as is looked at. */
static size_t place_for_refusal(void) {
    const size_t length = 4 * FAR + 4 * FAR / 32 - 1;
    place_holes(CHUNK_HEAP_SEARCH_MAX, length - 1);
    return length;
}

static void fill_rest(void) {
    struct chunk_heap_stats stats;
    counted_get_stats(&heap, &stats);
    (void)place(stats.chunks - stats.frontier);
}

static void slow_slide(void) {
    const size_t length = place_for_refusal();
    place_holes(1, 7 * FAR - length); /* as long as what will be left of the three */
    unsigned char *const block = place_between(3 * FAR, FAR);
    fill_rest();
    open_holes();
    CHECK((unsigned char *)must(counted_realloc(&heap, block, length)) < block);
}

static void slow_refusal(void) {
    const size_t length = place_for_refusal();
    void *const block = place_between(FAR, FAR);
    fill_rest();
    open_holes();
    CHECK(counted_realloc(&heap, block, length) == NULL);
}

static void slow_stats(void) {
    struct chunk_heap_stats stats;
    place_holes(CHUNK_HEAP_SEARCH_MAX + 1, FAR);
    open_holes();
    counted_get_stats(&heap, &stats);
    CHECK(stats.largest_free >= FAR);
}

static void (*const slow_calls[])(void) = {
    slow_alloc,  slow_aligned, slow_free,  slow_free_sized, slow_resize,
    slow_shrink, slow_move,    slow_slide, slow_refusal,    slow_stats,
};

static void worst_calls(uint32_t chunks, unsigned flags) {
    for (size_t i = 0; i < sizeof slow_calls / sizeof *slow_calls; i++) {
        counted_create(&heap, chunks, flags);
        slow_calls[i]();
        check_heap();
        counted_destroy(&heap);
    }
}

/* ---- any state ---------------------------------------------------------------------------------
 */

enum { MOST_BLOCKS = 1 << 22, LONGEST_COPY = 1 << 16 };

static void *blocks[MOST_BLOCKS];
static size_t block_count;

static struct support_random dice;

static void forget(size_t index) {
    blocks[index] = blocks[--block_count];
}

static void remember(void *block) {
    if (block != NULL && block_count < MOST_BLOCKS) {
        blocks[block_count++] = block;
    } else if (block != NULL) {
        counted_free(&heap, block);
    }
}

static size_t length_of(const void *block) {
    return chunk_usable_size(&heap.heap, block) >> heap.heap.chunk_shift;
}

/* Any, or one about the bounds of lists, so that many runs are just too short. */
static size_t some_length(size_t limit) {
    if (random_below(&dice, 2) == 0) {
        return 1 + random_size(&dice, limit - 1);
    }
    const size_t base = (size_t)1 << random_below(&dice, 16);
    const size_t length = base + (base + 31) / 32 * random_below(&dice, 3) - random_below(&dice, 2);
    return length < 1 || length > limit ? 1 : length;
}

static void resize_some(size_t index, size_t length) {
    void *const block = blocks[index];
    if (random_below(&dice, 2) == 0) {
        (void)counted_resize(&heap, block, length);
    } else if (length <= LONGEST_COPY && length_of(block) <= LONGEST_COPY) {
        void *const moved = counted_realloc(&heap, block, length);
        blocks[index] = moved != NULL ? moved : block;
    }
}

static void free_some(size_t index) {
    if (random_below(&dice, 2) == 0) {
        counted_free(&heap, blocks[index]);
    } else {
        counted_free_sized(&heap, blocks[index], length_of(blocks[index]));
    }
    forget(index);
}

static void random_call(size_t limit, unsigned frees) {
    const size_t length = some_length(limit);
    const unsigned action = (unsigned)random_below(&dice, 8);
    const size_t index = block_count > 0 ? random_below(&dice, block_count) : 0;
    if (block_count == 0 || action >= frees + 3) {
        remember(counted_alloc(&heap, length));
    } else if (action < frees) {
        free_some(index);
    } else if (action == frees) {
        remember(counted_aligned(&heap, (size_t)1 << random_below(&dice, 20), length));
    } else {
        resize_some(index, length);
    }
}

static void random_calls(size_t count, size_t limit) {
    struct chunk_heap_stats stats;
    for (unsigned frees = 1; frees < 5; frees++) {
        for (size_t i = 0; i < count / 4; i++) {
            random_call(limit, frees);
        }
        counted_get_stats(&heap, &stats);
    }
}

/* The layouts of bench/freestanding, in the whole heap: how long the next block is to be. All but
 * every second block are freed. */
static size_t unit_next(size_t number) {
    (void)number;
    return 1;
}

static size_t run_next(size_t number) {
    return number % 2 == 0 ? 1 : 3 * WORD + 1;
}

static size_t too_short_next(size_t number) {
    return number % 2 == 0 ? 1 : (size_t)8 * WORD + 14 - number / 2 % 3;
}

static size_t staircase_next(size_t number) {
    return number % 2 == 0 ? 1 : 1 + number / 2 % 1000;
}

static size_t far_apart_next(size_t number) {
    return number % 2 == 0 ? 1 : heap.heap.chunks / 5;
}

static size_t (*const layouts[])(size_t number) = {
    unit_next, run_next, too_short_next, staircase_next, far_apart_next,
};

static void lay_out(size_t (*next)(size_t number)) {
    block_count = 0;
    for (size_t number = 0;; number++) {
        void *const block = counted_alloc(&heap, next(number));
        if (block == NULL || block_count == MOST_BLOCKS) {
            break;
        }
        blocks[block_count++] = block;
    }
    size_t kept = 0;
    for (size_t i = 0; i < block_count; i++) {
        if (i % 2 == 0) {
            blocks[kept++] = blocks[i];
        } else {
            counted_free(&heap, blocks[i]);
        }
    }
    block_count = kept;
}

static void any_state(uint32_t chunks, unsigned flags) {
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        counted_create(&heap, chunks, flags);
        lay_out(layouts[i]);
        random_calls(20000, chunks);
        check_heap();
        counted_destroy(&heap);
    }
    block_count = 0;
    counted_create(&heap, chunks, flags);
    random_calls(40000, chunks / 16 + 1);
    check_heap();
    counted_destroy(&heap);
}

/* ---- what it comes to --------------------------------------------------------------------------
 */

int main(int argc, char **argv) {
    dice.state = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    worst_calls(1u << 20, 0);
    worst_calls(1u << 23, CHUNK_HEAP_NODES_OUTSIDE);
    static const uint32_t sizes[] = {1, 7, 63, 64, 65, 300, 4096, 70000, 1u << 20, (1u << 22) + 77};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        any_state(sizes[i], i % 2 == 0 ? 0 : CHUNK_HEAP_NODES_OUTSIDE);
    }
    counted_print();
    CHECK(counted_all_exact());
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * How much of a heap can be used: of six steps five allocate a block of 1 to LARGEST bytes and one
 * frees a random one (with realloc, of ten steps five allocate, one frees and four give a random
 * block a new random size), until the first call fails. The share is what was asked for by the live
 * blocks, in per cent of the heap. Then everything is freed, in random order, and the whole heap is
 * asked for as one block. Again for each seed.
 */
#include "arena.h"

static struct param params[] = {{"chunk", 16}, {"mib", 32}, {"largest", 1000}, {"realloc", 0},
                                {"seeds", 32}, {"huge", 1}, {"verify", 0}};
enum { CHUNK, HEAP_MIB, LARGEST, REALLOC, SEEDS, HUGE_PAGES, VERIFY };

enum action { ALLOCATE, FREE, RESIZE };
/* Of so many steps; those left resize. */
enum { STEPS = 10, ALLOCATIONS = 5, FREES = 1 };

static struct arena arena;
static struct block *blocks;
static size_t count, room;
static size_t asked; /* bytes that the live blocks were asked to have */

static size_t some_size(struct rng *rng) {
    return 1 + rng_below(rng, params[LARGEST].value);
}

static enum action some_action(struct rng *rng) {
    const size_t step = rng_below(rng, params[REALLOC].value ? STEPS : ALLOCATIONS + FREES);
    return step < ALLOCATIONS ? ALLOCATE : step < ALLOCATIONS + FREES ? FREE : RESIZE;
}

static bool add_block(struct rng *rng) {
    struct block block = {NULL, some_size(rng)};
    block.start = adapter_alloc(block.size);
    if (block.start == NULL)
        return false;
    if (count == room)
        fail("more blocks than fit the heap\n");
    if (params[VERIFY].value)
        block_fill(&arena, &block, 1);
    asked += block.size;
    blocks[count++] = block;
    return true;
}

static void drop_block(size_t index) {
    const struct block block = blocks[index];
    if (params[VERIFY].value)
        block_check(&block, block.size, block.start);
    adapter_free(block.start, block.size);
    asked -= block.size;
    blocks[index] = blocks[--count];
}

static bool resize_block(size_t index, struct rng *rng) {
    const struct block old = blocks[index];
    struct block block = {NULL, some_size(rng)};
    block.start = adapter_realloc(old.start, old.size, block.size);
    if (block.start == NULL)
        return false;
    if (params[VERIFY].value) {
        block_check(&block, old.size < block.size ? old.size : block.size, old.start);
        block_fill(&arena, &block, 1);
    }
    asked += block.size - old.size;
    blocks[index] = block;
    return true;
}

static bool step(struct rng *rng) {
    const enum action action = some_action(rng);
    if (action == ALLOCATE)
        return add_block(rng);
    if (count == 0)
        return true;
    const size_t index = rng_below(rng, count);
    if (action == RESIZE)
        return resize_block(index, rng);
    drop_block(index);
    return true;
}

/* Returns the share, and whether the whole heap could then be had. */
static double run_seed(size_t seed, bool *whole) {
    struct rng rng = rng_make(seed);
    arena_open(&arena);
    count = asked = 0;
    while (step(&rng))
        ;
    const double share = 100.0 * (double)asked / (double)arena.size;
    while (count > 0)
        drop_block(rng_below(&rng, count));
    *whole = adapter_alloc(adapter_whole()) != NULL;
    return share;
}

static int order(const void *a, const void *b) {
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    const size_t seeds = params[SEEDS].value;
    arena = arena_make(params[HEAP_MIB].value * MIB, params[CHUNK].value, params[HUGE_PAGES].value);
    room = arena.size / 16;
    blocks = table(room * sizeof *blocks);
    double *const shares = table(seeds * sizeof *shares);
    size_t whole_heaps = 0;
    for (size_t i = 0; i < seeds; i++) {
        bool whole = false;
        shares[i] = run_seed(i, &whole);
        whole_heaps += whole;
        /* A realloc may lose the tails of blocks, which shows in the result. */
        if (params[VERIFY].value && !params[REALLOC].value && !whole)
            fail("seed %zu: the whole heap cannot be had again\n", i);
    }
    qsort(shares, seeds, sizeof *shares, order);
    arena_print("share", &arena);
    printf(",\"largest\":%zu,\"realloc\":%zu,\"seeds\":%zu,\"min\":%.2f,\"median\":%.2f,"
           "\"max\":%.2f,\"whole\":%zu}\n",
           params[LARGEST].value, params[REALLOC].value, seeds, shares[0], shares[seeds / 2],
           shares[seeds - 1], whole_heaps);
}

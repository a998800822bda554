/* SPDX-License-Identifier: MIT */
/*
 * Small objects in steady state: the heap is filled with objects of 8 to 512 bytes to the wanted
 * occupancy; then a random one is freed and another made, again and again; so many pairs unmeasured
 * as there are objects, then those that are measured. Blocks are not touched, but for a run that
 * verifies.
 */
#include "../cycles.h"
#include "arena.h"
#include "empty.h"
#include "series.h"

static struct param params[] = {{"chunk", 16},     {"mib", 64},   {"huge", 1},  {"occupancy", 50},
                                {"pairs", 300000}, {"rounds", 3}, {"verify", 0}};
enum { CHUNK, HEAP_MIB, HUGE_PAGES, OCCUPANCY, PAIRS, ROUNDS, VERIFY };

enum { SMALLEST = 8, LARGEST = 512 };

enum kind { EMPTY, ALLOC, FAILED, FREE, KINDS };
static const char *const kind_names[KINDS] = {"empty", "alloc", "failed", "free"};

struct state {
    struct arena arena;
    struct block *blocks;
    size_t count;
    struct series series[KINDS];
    size_t round;
};

static size_t some_size(struct rng *rng) {
    return SMALLEST + rng_below(rng, LARGEST - SMALLEST + 1);
}

static void fill_heap(struct state *state, struct rng *rng) {
    size_t taken = 0;
    state->count = 0;
    while (taken < state->arena.size / 100 * params[OCCUPANCY].value) {
        struct block block = {NULL, some_size(rng)};
        block.start = need(adapter_alloc(block.size), block.size);
        if (params[VERIFY].value)
            block_fill(&state->arena, &block, 1);
        taken += adapter_taken(block.size);
        state->blocks[state->count++] = block;
    }
}

/* Frees a random object and makes another. One that could not be made leaves its place empty. */
static void replace_one(struct state *state, struct rng *rng, bool measured) {
    uint32_t times[KINDS] = {0};
    struct block *const block = &state->blocks[rng_below(rng, state->count)];
    const bool had = block->start != NULL;
    if (had) {
        if (params[VERIFY].value)
            block_check(block, block->size, block->start);
        const uint64_t start = cycles_before();
        adapter_free(block->start, block->size);
        times[FREE] = cycles_since(start);
    }
    block->size = some_size(rng);
    uint64_t start = cycles_before();
    block->start = adapter_alloc(block->size);
    const uint32_t time = cycles_since(start);
    const enum kind kind = block->start != NULL ? ALLOC : FAILED;
    times[kind] = time;
    if (params[VERIFY].value && block->start != NULL)
        block_fill(&state->arena, block, 1);
    start = cycles_before();
    (void)empty_call(block, block->size);
    times[EMPTY] = cycles_since(start);
    if (!measured)
        return;
    series_add(&state->series[EMPTY], state->round, 0, times[EMPTY]);
    series_add(&state->series[kind], state->round, 0, times[kind]);
    if (had)
        series_add(&state->series[FREE], state->round, 0, times[FREE]);
}

static void run_round(struct state *state) {
    struct rng rng = rng_make(1);
    arena_open(&state->arena);
    fill_heap(state, &rng);
    for (size_t i = 0; i < state->count; i++)
        replace_one(state, &rng, false);
    for (enum kind kind = 0; kind < KINDS; kind++)
        state->series[kind].calls = 0;
    for (size_t i = 0; i < params[PAIRS].value; i++)
        replace_one(state, &rng, true);
}

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    const size_t rounds = params[ROUNDS].value;
    static struct state state;
    state.arena =
        arena_make(params[HEAP_MIB].value * MIB, params[CHUNK].value, params[HUGE_PAGES].value);
    state.blocks = table(state.arena.size / 16 * sizeof *state.blocks);
    for (enum kind kind = 0; kind < KINDS; kind++)
        state.series[kind] = series_make(kind_names[kind], rounds, params[PAIRS].value);
    for (state.round = 0; state.round < rounds; state.round++)
        run_round(&state);
    arena_print("small", &state.arena);
    printf(",\"occupancy\":%zu,\"objects\":%zu", params[OCCUPANCY].value, state.count);
    for (enum kind kind = 0; kind < KINDS; kind++) {
        printf(",");
        series_print(&state.series[kind], kind_names[kind], rounds, SERIES_ANY_LEVEL);
    }
    printf("}\n");
}

/* SPDX-License-Identifier: MIT */
/*
 * The seed's own workload: in each step one allocation of 64 to 16384 bytes aligned to 1 to 128; in
 * one of ten steps the seven oldest blocks are freed; until an allocation fails, and on for as many
 * steps again. Blocks are not touched, but for a run that verifies.
 */
#include "../cycles.h"
#include "arena.h"
#include "empty.h"
#include "series.h"

static struct param params[] = {{"chunk", 256}, {"mib", 160},    {"huge", 1},
                                {"rounds", 5},  {"failures", 0}, {"verify", 0}};
/* FAILURES: the run ends after so many failed allocations, if that is not 0. */
enum { CHUNK, HEAP_MIB, HUGE_PAGES, ROUNDS, FAILURES, VERIFY };

enum { SMALLEST = 64, LARGEST = 16384, ALIGNMENTS = 8, FREED_AT_ONCE = 7, FREE_ONE_STEP_OF = 10 };

enum kind { EMPTY, ALLOC, FAILED, FREE, KINDS };
static const char *const kind_names[KINDS] = {"empty", "alloc", "failed", "free"};

/* Parts of the heap in use, in per cent, at which the next level begins. */
static const size_t level_from[] = {0, 50, 90, 99};
static const char *const level_names[] = {"0-50", "50-90", "90-99", "99-100"};
enum { LEVELS = sizeof level_from / sizeof *level_from };

/* Blocks in order of their birth; a ring. */
struct queue {
    struct block *blocks;
    size_t room, oldest, count;
};

struct state {
    struct arena arena;
    struct queue queue;
    struct series series[KINDS];
    size_t taken; /* bytes of the heap in use */
    size_t round;
    unsigned level;
};

static unsigned level_now(const struct state *state) {
    unsigned level = LEVELS - 1;
    while (state->taken * 100 < level_from[level] * state->arena.size)
        level--;
    return level;
}

static void add(struct state *state, enum kind kind, uint32_t time) {
    series_add(&state->series[kind], state->round, state->level, time);
}

static bool make_one(struct state *state, struct rng *rng) {
    struct block block = {NULL, SMALLEST + rng_below(rng, LARGEST - SMALLEST + 1)};
    const size_t alignment = (size_t)1 << rng_below(rng, ALIGNMENTS);
    uint64_t start = cycles_before();
    void *const nothing = empty_call(state->arena.memory, block.size);
    add(state, EMPTY, cycles_since(start));
    start = cycles_before();
    block.start = adapter_aligned(alignment, block.size);
    const uint32_t time = cycles_since(start);
    add(state, block.start != NULL && nothing != NULL ? ALLOC : FAILED, time);
    if (block.start == NULL)
        return false;
    if (params[VERIFY].value)
        block_fill(&state->arena, &block, alignment);
    struct queue *const queue = &state->queue;
    if (queue->count == queue->room)
        fail("more blocks than fit the heap\n");
    queue->blocks[(queue->oldest + queue->count++) % queue->room] = block;
    state->taken += adapter_taken(block.size);
    return true;
}

static void drop_oldest(struct state *state) {
    struct queue *const queue = &state->queue;
    if (queue->count == 0)
        return;
    const struct block block = queue->blocks[queue->oldest];
    queue->oldest = (queue->oldest + 1) % queue->room;
    queue->count--;
    if (params[VERIFY].value)
        block_check(&block, block.size, block.start);
    const uint64_t start = cycles_before();
    adapter_free(block.start, block.size);
    add(state, FREE, cycles_since(start));
    state->taken -= adapter_taken(block.size);
}

/* Returns the number of steps until the heap was full. */
static size_t run_round(struct state *state) {
    struct rng rng = rng_make(1);
    size_t full_at = 0;
    arena_open(&state->arena);
    state->taken = state->queue.count = state->queue.oldest = 0;
    for (enum kind kind = 0; kind < KINDS; kind++)
        state->series[kind].calls = 0;
    const size_t failures = params[FAILURES].value;
    for (size_t step = 1; full_at == 0 || step <= 2 * full_at; step++) {
        if (failures != 0 && state->series[FAILED].calls == failures)
            break;
        state->level = level_now(state);
        if (!make_one(state, &rng) && full_at == 0)
            full_at = step;
        state->level = level_now(state);
        if (rng_below(&rng, FREE_ONE_STEP_OF) == 0) {
            for (unsigned i = 0; i < FREED_AT_ONCE; i++)
                drop_oldest(state);
        }
    }
    return full_at;
}

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    const size_t rounds = params[ROUNDS].value;
    static struct state state;
    state.arena =
        arena_make(params[HEAP_MIB].value * MIB, params[CHUNK].value, params[HUGE_PAGES].value);
    state.queue.room = state.arena.size / SMALLEST;
    state.queue.blocks = table(state.queue.room * sizeof *state.queue.blocks);
    /* Three of ten allocations stay, of 8 KiB each in the mean. */
    const size_t room = state.arena.size / (LARGEST / 2) * 10 + 1000;
    for (enum kind kind = 0; kind < KINDS; kind++)
        state.series[kind] = series_make(kind_names[kind], rounds, room);
    size_t full_at = 0;
    for (state.round = 0; state.round < rounds; state.round++)
        full_at = run_round(&state);
    arena_print("filling", &state.arena);
    printf(",\"steps_until_full\":%zu", full_at);
    for (enum kind kind = 0; kind < KINDS; kind++) {
        printf(",");
        series_print(&state.series[kind], kind_names[kind], rounds, SERIES_ANY_LEVEL);
    }
    printf(",\"levels\":{");
    for (unsigned level = 0; level < LEVELS; level++) {
        printf("%s\"%s\":{", level ? "," : "", level_names[level]);
        for (enum kind kind = 0; kind < KINDS; kind++) {
            printf("%s", kind ? "," : "");
            series_print(&state.series[kind], kind_names[kind], rounds, level);
        }
        printf("}");
    }
    printf("}}\n");
}

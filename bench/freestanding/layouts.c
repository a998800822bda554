/* SPDX-License-Identifier: MIT */
/*
 * Layouts made to hurt. Each builds a state, then measures single calls from it (replay.h); the
 * figure of a layout is its slowest call. A call that moved a block has its copy in it, and is told
 * apart. Lengths below are in units: the chunk size.
 */
#include "empty.h"
#include "layout.h"

static struct param params[] = {{"chunk", 16},    {"units", 32768}, {"far_mib", 16}, {"huge", 1},
                                {"repeats", 200}, {"cold", 2},      {"list", 0}};
enum { CHUNK, UNITS, FAR_MIB, HUGE_PAGES, REPEATS, COLD, LIST };

/* Blocks of one size everywhere; every second one is freed, so nothing larger can be had. */
static void every_other(size_t units) {
    start_layout();
    for (;;) {
        const struct block block = make_block(units);
        if (block.start == NULL)
            break;
        blocks[count++] = block;
    }
    for (size_t i = 1; i < count; i += 2)
        release(i);
    replay_save(&replay);
    measure_alloc(2 * units);
    measure_alloc(units + 1);
    measure_alloc(replay.arena.size / unit);
    measure_all_alignments(1);
    measure_all_alignments(units);
    measure_all_alignments(2 * units);
    const size_t middle = count / 4 * 2;
    measure_free(middle);
    measure_alloc(2 * units);
    measure_alloc(2 * units);
    measure_free(2);
    measure_free(0);
    measure_free((count - 1) / 2 * 2);
    measure_realloc(middle + 2, 2 * units);
    measure_realloc(middle + 4, 3 * units);
    measure_realloc(middle + 6, 4 * units);
}

static void every_other_single(void) {
    every_other(1);
}

static void every_other_run(void) {
    every_other(3);
    every_other(33);
}

/* Many free runs of one unit less than is asked for, in the same list where lists are coarse. */
static void too_short_by(size_t wanted, size_t shortage) {
    enum { RUNS = 48 };
    start_layout();
    for (size_t i = 0; i < RUNS; i++) {
        keep(wanted - shortage);
        keep(1);
    }
    fill_rest();
    for (size_t i = 0; i < 2 * (size_t)RUNS; i += 2)
        release(i);
    replay_save(&replay);
    measure_alloc(wanted);
    measure_aligned(wanted, 4 * unit);
    measure_realloc(5, wanted);
    measure_free(7);
}

static void too_short(void) {
    for (size_t base = 32; base <= 128; base *= 2) {
        const size_t step = base / 32;
        for (size_t class = 0; class < 32; class += 7) {
            too_short_by(base + (class + 1) * step, 1);
            too_short_by(base + (class + 1) * step - 1, 1);
            too_short_by(base + 2 * (class + 1) * step - 1, 1);
        }
    }
}

/* Free runs long enough for the request but for its alignment, by any list that may be searched. */
static void misaligned_runs(size_t units, size_t align) {
    enum { RUNS = 48 };
    start_layout();
    const size_t length = units + align - 2;
    for (size_t i = 0; i < RUNS; i++) {
        /* The run starts one unit after a place that is aligned. */
        size_t at = count > 0 ? (size_t)(blocks[count - 1].start - replay.arena.memory) / unit +
                                    blocks[count - 1].size / unit
                              : 0;
        keep((align - at % align) % align + 1);
        keep(length);
    }
    keep(1);
    fill_rest();
    for (size_t i = 1; i < 2 * (size_t)RUNS; i += 2)
        release(i);
    replay_save(&replay);
    measure_aligned(units, align * unit);
    measure_aligned(units, 2 * align * unit);
    measure_aligned(units + 1, align * unit);
    measure_alloc(length + 1);
}

static void misaligned(void) {
    for (size_t align = 2; align <= 128; align *= 2) {
        misaligned_runs(1, align);
        misaligned_runs(align / 2, align);
        misaligned_runs(2 * align + 1, align);
    }
}

/* Few blocks, far from each other: every neighbour is many levels of a summary away. */
static void far_apart(void) {
    const size_t units = replay.arena.size / unit;
    const size_t large = units / 4;
    start_layout();
    for (size_t i = 0; i < 3; i++) {
        keep(large - 1);
        if (i < 2)
            keep(1);
    }
    fill_rest();
    replay_save(&replay);
    measure_free(0);
    measure_free(4);
    measure_free(2);
    measure_alloc(large + 1);
    measure_all_alignments(large / 2);
    measure_free(1);
    measure_free(3);
    measure_all_alignments(large / 2);
}

static void far_apart_resized(void) {
    const size_t units = replay.arena.size / unit;
    start_layout();
    keep(units / 2);
    keep(units / 4);
    replay_save(&replay);
    measure_realloc(1, units / 4 + 64);
    measure_realloc(1, 1);
    measure_realloc(1, units / 4);
    measure_realloc(0, 65);
    measure_realloc(0, units / 2);
    measure_realloc(0, 1);
    measure_free(1);
    measure_realloc(0, units);
    measure_realloc(0, 2);
    measure_free(0);
}

/* An empty heap, and one that a single block fills. */
static void untouched(void) {
    const size_t whole = adapter_whole() / unit;
    start_layout();
    replay_save(&replay);
    measure_alloc(whole + 1);
    measure_all_alignments(1);
    measure_all_alignments(64);
    void *const block = measure_alloc(whole);
    measure_alloc(1);
    measure_free_of(block, whole);
    measure_free_of(measure_aligned(1, replay.arena.size / 2), 1);
    measure_free_of(measure_alloc(whole - 1), whole - 1);
}

/* A free run of each length, from short to long; then each is used, and freed again. */
static void staircase(void) {
    enum { STEPS = 160 };
    start_layout();
    for (size_t i = 0; i < STEPS; i++) {
        keep(i + 1);
        keep(1);
    }
    fill_rest();
    for (size_t i = 0; i < 2 * (size_t)STEPS; i += 2)
        release(i);
    replay_save(&replay);
    for (size_t length = STEPS + 1; length > 0; length -= length > 3 ? 3 : 1)
        measure_alloc(length);
    measure_alloc(1);
    for (size_t i = 1; i < 60; i += 2)
        measure_free(i);
    measure_all_alignments(1);
    measure_all_alignments(20);
}

/* Blocks that must move: neighbours in use, or only the left one free in a full heap. */
static void moves(void) {
    enum { BLOCKS = 64 };
    start_layout();
    for (size_t i = 0; i < BLOCKS; i++)
        keep(2);
    fill_rest();
    replay_save(&replay);
    measure_realloc(1, 3);
    measure_free(4);
    measure_realloc(5, 3);
    measure_realloc(5, 1);
    measure_realloc(5, 4);
    measure_realloc(7, 4);
    measure_free(10);
    measure_free(12);
    measure_realloc(11, 6);
    measure_realloc(11, 1);
    measure_free(20);
    measure_realloc(22, 1);
    measure_realloc(22, 2);
}

/* A heap at random: any call, in any order, at high fill. */
static void random_calls(void) {
    enum { BLOCKS = 1000, CALLS = 300 };
    struct rng rng = rng_make(7);
    start_layout();
    while (count < BLOCKS)
        keep(1 + rng_below(&rng, 24));
    fill_rest();
    for (size_t i = 0; i < BLOCKS; i++) {
        if (rng_below(&rng, 2) == 0)
            release(i);
    }
    replay_save(&replay);
    for (size_t i = 0; i < CALLS; i++) {
        const size_t index = rng_below(&rng, BLOCKS);
        const size_t units = 1 + rng_below(&rng, 24);
        if (blocks[index].start == NULL) {
            blocks[index].size = adapter_request(units * unit);
            blocks[index].start = rng_below(&rng, 2) == 0
                                      ? measure_alloc(units)
                                      : measure_aligned(units, unit << rng_below(&rng, 7));
        } else if (rng_below(&rng, 3) == 0) {
            measure_realloc(index, units);
        } else {
            measure_free(index);
            blocks[index].start = NULL;
        }
    }
}

static const struct {
    const char *name;
    void (*run)(void);
    bool far; /* in the large heap */
} layouts[] = {
    {"untouched", untouched, true},
    {"every-other-unit", every_other_single, false},
    {"every-other-run", every_other_run, false},
    {"too-short", too_short, false},
    {"misaligned", misaligned, false},
    {"far-apart", far_apart, true},
    {"far-apart-resized", far_apart_resized, true},
    {"staircase", staircase, false},
    {"moves", moves, false},
    {"random", random_calls, false},
};

static uint32_t least_empty(void) {
    uint32_t least = UINT32_MAX;
    for (unsigned i = 0; i < 10000; i++) {
        const uint64_t start = cycles_before();
        (void)empty_call(blocks, i);
        const uint32_t time = cycles_since(start);
        least = time < least ? time : least;
    }
    return least;
}

static void print_slowest(const char *name, const struct slowest *slowest) {
    if (slowest->time > 0)
        printf(",\"%s\":%u,\"%s_call\":\"%s\"", name, slowest->time, name, slowest->call);
}

static void run_layout(size_t index, const struct replay *heap, struct worst *all) {
    const char *const name = layouts[index].name;
    worst = (struct worst){.calls = 0};
    replay = *heap;
    if (list_calls)
        fprintf(stderr, "%s\n", name);
    layouts[index].run();
    printf("%s{\"name\":\"%s\",\"calls\":%zu", index ? "," : "", name, worst.calls);
    print_slowest("warm", &worst.warm);
    print_slowest("cold", &worst.cold);
    print_slowest("moved", &worst.moved);
    printf("}");
    note(&all->warm, worst.warm.time, name);
    note(&all->cold, worst.cold.time, name);
    note(&all->moved, worst.moved.time, name);
    all->calls += worst.calls;
}

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    unit = params[CHUNK].value;
    list_calls = params[LIST].value != 0;
    const size_t repeats = params[REPEATS].value;
    const size_t cold = params[COLD].value;
    const bool huge = params[HUGE_PAGES].value;
    const struct replay near =
        replay_make(arena_make(params[UNITS].value * unit, unit, huge), repeats, cold);
    const struct replay far =
        replay_make(arena_make(params[FAR_MIB].value * MIB, unit, huge), repeats, cold);
    blocks = table(params[UNITS].value * sizeof *blocks);
    struct worst all = {.calls = 0};
    arena_print("layouts", &near.arena);
    printf(",\"empty\":%u,\"layouts\":[", least_empty());
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
        run_layout(i, layouts[i].far ? &far : &near, &all);
    printf("],\"calls\":%zu", all.calls);
    print_slowest("warm", &all.warm);
    print_slowest("cold", &all.cold);
    print_slowest("moved", &all.moved);
    printf("}\n");
}

/* SPDX-License-Identifier: MIT */
#include "counted.h"

#include <stdio.h>
#include <stdlib.h>

#include "../../src/core/steps.h"

enum { CHUNK = 16, MOST_TURNS = CHUNK_HEAP_SEARCH_MAX + 1 };
/* Of basic blocks, to a step, even without optimisation. */
enum { BLOCKS_PER_STEP = 8 };

struct cost {
    unsigned steps;
    unsigned turns;
    unsigned blocks;
};

static const struct {
    const char *name;
    unsigned most; /* steps */
} kinds[COUNTED_CALLS] = {
    [COUNTED_ALLOC] = {"alloc", CHUNK_HEAP_STEPS_ALLOC},
    [COUNTED_ALIGNED] = {"alloc_aligned", CHUNK_HEAP_STEPS_ALIGNED},
    [COUNTED_FREE] = {"free", CHUNK_HEAP_STEPS_FREE},
    [COUNTED_FREE_SIZED] = {"free_sized", CHUNK_HEAP_STEPS_FREE + 4},
    [COUNTED_RESIZE] = {"resize", CHUNK_HEAP_STEPS_RESIZE},
    [COUNTED_REALLOC_STAYED] = {"realloc that stays", CHUNK_HEAP_STEPS_REALLOC - 31},
    [COUNTED_REALLOC_MOVED] = {"realloc that moves", CHUNK_HEAP_STEPS_REALLOC},
    [COUNTED_REALLOC_SLID] = {"realloc that slides", CHUNK_HEAP_STEPS_REALLOC - 17},
    [COUNTED_REALLOC_FAILED] = {"realloc that fails", CHUNK_HEAP_STEPS_REALLOC - 39},
    [COUNTED_USABLE_SIZE] = {"usable_size", CHUNK_HEAP_STEPS_USABLE_SIZE},
    [COUNTED_GET_STATS] = {"get_stats", CHUNK_HEAP_STEPS_GET_STATS},
};

static struct {
    uint64_t calls;
    struct cost worst;
} found[COUNTED_CALLS];

uint64_t chunk_steps[CHUNK_STEP_KINDS];
static unsigned blocks_run;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void) {
    blocks_run++;
}

static void begin(void) {
    for (size_t i = 0; i < CHUNK_STEP_KINDS; i++) {
        chunk_steps[i] = 0;
    }
    blocks_run = 0;
}

static void keep_larger(unsigned *most, unsigned value) {
    *most = value > *most ? value : *most;
}

static void end(enum counted_call call) {
    const struct cost cost = {
        .steps = (unsigned)(chunk_steps[CHUNK_STEP_PAIR] + chunk_steps[CHUNK_STEP_LIST] +
                            chunk_steps[CHUNK_STEP_NODE]),
        .turns = (unsigned)chunk_steps[CHUNK_STEP_TURN],
        .blocks = blocks_run,
    };
    struct cost *const worst = &found[call].worst;
    found[call].calls++;
    keep_larger(&worst->steps, cost.steps);
    keep_larger(&worst->turns, cost.turns);
    keep_larger(&worst->blocks, cost.blocks);
    if (cost.steps > kinds[call].most || cost.turns > MOST_TURNS ||
        cost.blocks > BLOCKS_PER_STEP * kinds[call].most) {
        (void)fprintf(stderr, "%s took %u steps, %u turns of loops, %u basic blocks\n",
                      kinds[call].name, cost.steps, cost.turns, cost.blocks);
        counted_print();
        exit(1);
    }
}

void counted_create(struct counted_heap *counted, uint32_t chunks, unsigned flags) {
    const size_t size = chunk_heap_bookkeeping_size(chunks, flags);
    counted->memory = area_create((size_t)chunks * CHUNK, 0);
    counted->bookkeeping = area_create(size, 0);
    const enum chunk_heap_error error =
        chunk_heap_init(&counted->heap, counted->memory.bytes, counted->memory.size, CHUNK,
                        counted->bookkeeping.bytes, size, flags | CHUNK_HEAP_ZEROED);
    if (error != CHUNK_HEAP_OK) {
        (void)fprintf(stderr, "%s\n", chunk_heap_error_text(error));
        exit(1);
    }
}

void counted_destroy(const struct counted_heap *counted) {
    area_destroy(&counted->memory);
    area_destroy(&counted->bookkeeping);
}

void *counted_alloc(const struct counted_heap *counted, size_t length) {
    begin();
    void *const block = chunk_alloc(&counted->heap, length * CHUNK);
    end(COUNTED_ALLOC);
    return block;
}

void *counted_aligned(const struct counted_heap *counted, size_t align, size_t length) {
    begin();
    void *const block = chunk_alloc_aligned(&counted->heap, align * CHUNK, length * CHUNK);
    end(COUNTED_ALIGNED);
    return block;
}

void counted_free(const struct counted_heap *counted, void *block) {
    begin();
    (void)chunk_usable_size(&counted->heap, block);
    end(COUNTED_USABLE_SIZE);
    begin();
    chunk_free(&counted->heap, block);
    end(COUNTED_FREE);
}

void counted_free_sized(const struct counted_heap *counted, void *block, size_t length) {
    begin();
    chunk_free_sized(&counted->heap, block, length * CHUNK);
    end(COUNTED_FREE_SIZED);
}

bool counted_resize(const struct counted_heap *counted, void *block, size_t length) {
    begin();
    const bool resized = chunk_resize(&counted->heap, block, length * CHUNK);
    end(COUNTED_RESIZE);
    return resized;
}

void *counted_realloc(const struct counted_heap *counted, void *block, size_t length) {
    begin();
    unsigned char *const moved = chunk_realloc(&counted->heap, block, length * CHUNK);
    const bool slid =
        moved < (unsigned char *)block && moved + length * CHUNK > (unsigned char *)block;
    end(moved == NULL    ? COUNTED_REALLOC_FAILED
        : moved == block ? COUNTED_REALLOC_STAYED
        : slid           ? COUNTED_REALLOC_SLID
                         : COUNTED_REALLOC_MOVED);
    return moved;
}

void counted_get_stats(const struct counted_heap *counted, struct chunk_heap_stats *stats) {
    begin();
    chunk_heap_get_stats(&counted->heap, stats);
    end(COUNTED_GET_STATS);
}

bool counted_all_exact(void) {
    for (size_t i = 0; i < COUNTED_CALLS; i++) {
        if (found[i].worst.steps != kinds[i].most) {
            (void)fprintf(stderr, "%s took at most %u steps\n", kinds[i].name,
                          found[i].worst.steps);
            return false;
        }
    }
    return true;
}

void counted_print(void) {
    (void)printf("%-20s %9s %6s %5s %6s %7s\n", "", "calls", "steps", "most", "turns", "blocks");
    for (size_t i = 0; i < COUNTED_CALLS; i++) {
        const struct cost *const worst = &found[i].worst;
        (void)printf("%-20s %9llu %6u %5u %6u %7u\n", kinds[i].name,
                     (unsigned long long)found[i].calls, worst->steps, kinds[i].most, worst->turns,
                     worst->blocks);
    }
}

/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAYOUT_H
#define BENCH_LAYOUT_H

/*
 * What a layout is built from, and its calls measured with. Lengths are in units: the chunk size.
 * Blocks go by their number in order of birth. The slowest call is kept.
 */

#include "replay.h"

struct slowest {
    uint32_t time;
    char call[64];
};

struct worst {
    struct slowest warm;
    struct slowest cold;
    struct slowest moved;
    size_t calls;
};

static struct replay replay;
static struct worst worst;
static bool list_calls; /* on the standard error output */
static size_t unit;
static struct block *blocks; /* of the layout, in order of address */
static size_t count;

/* --- building --- */

static struct block make_block(size_t units) {
    struct block block = {NULL, adapter_request(units * unit)};
    block.start = adapter_alloc(block.size);
    return block;
}

static struct block keep(size_t units) {
    const struct block block = make_block(units);
    if (block.start == NULL)
        fail("no room for a layout\n");
    return blocks[count++] = block;
}

/* Takes all that is left, in blocks as large as possible. */
static void fill_rest(void) {
    for (size_t units = replay.arena.size / unit; units > 0; units -= units > 1 ? units / 2 : 1) {
        while (make_block(units).start != NULL)
            ;
    }
}

static void release(size_t index) {
    adapter_free(blocks[index].start, blocks[index].size);
    blocks[index].start = NULL;
}

static void start_layout(void) {
    arena_open(&replay.arena);
    count = 0;
}

/* --- measuring --- */

static void note(struct slowest *slowest, uint32_t time, const char *text) {
    if (time <= slowest->time)
        return;
    slowest->time = time;
    snprintf(slowest->call, sizeof slowest->call, "%s", text);
}

static void *measure(const struct call *call) {
    static const char *const names[] = {"alloc", "aligned", "free", "realloc"};
    void *result = NULL;
    const struct cost cost = replay_measure(&replay, call, &result);
    const bool moved = call->kind == CALL_REALLOC && result != NULL && result != call->block;
    char text[64];
    snprintf(text, sizeof text, "%s %zu/%zu%s", names[call->kind],
             call->kind == CALL_FREE ? call->old_size : call->size,
             call->kind == CALL_ALIGNED   ? call->alignment
             : call->kind == CALL_REALLOC ? call->old_size
                                          : 1,
             call->kind != CALL_FREE && result == NULL ? " fails" : "");
    if (list_calls)
        fprintf(stderr, "  %-36s %u warm, %u cold, %zu lines\n", text, cost.warm, cost.cold,
                replay.changes);
    note(moved ? &worst.moved : &worst.warm, cost.warm, text);
    if (!moved && replay.cold_repeats > 0)
        note(&worst.cold, cost.cold, text);
    worst.calls++;
    return result;
}

static void *measure_alloc(size_t units) {
    const struct call call = {.kind = CALL_ALLOC, .size = adapter_request(units * unit)};
    return measure(&call);
}

static void *measure_aligned(size_t units, size_t alignment) {
    const struct call call = {
        .kind = CALL_ALIGNED, .size = adapter_request(units * unit), .alignment = alignment};
    return measure(&call);
}

static void measure_free(size_t index) {
    const struct call call = {
        .kind = CALL_FREE, .block = blocks[index].start, .old_size = blocks[index].size};
    measure(&call);
}

static void measure_free_of(void *block, size_t units) {
    if (block == NULL)
        return;
    const struct call call = {
        .kind = CALL_FREE, .block = block, .old_size = adapter_request(units * unit)};
    measure(&call);
}

static void measure_realloc(size_t index, size_t units) {
    const struct call call = {.kind = CALL_REALLOC,
                              .block = blocks[index].start,
                              .old_size = blocks[index].size,
                              .size = adapter_request(units * unit)};
    void *const moved = measure(&call);
    if (moved != NULL)
        blocks[index] = (struct block){moved, call.size};
}

static void measure_all_alignments(size_t units) {
    for (size_t alignment = 2 * unit; alignment <= replay.arena.size; alignment *= 4)
        measure_free_of(measure_aligned(units, alignment), units);
}

#endif

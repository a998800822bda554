/* SPDX-License-Identifier: MIT */
#ifndef BENCH_REPLAY_H
#define BENCH_REPLAY_H

/*
 * One call, again and again from exactly the same state: a copy of the heap and of what lies beside
 * it is kept; the lines that the call changed are put back before it is repeated. The least time
 * of the repeats is what the call takes when nothing interrupts it and what it needs is in the
 * cache; the least time after the caches were emptied is what it takes when nothing is.
 */

#include "../cycles.h"
#include "arena.h"

enum { REPLAY_LINE = 64 };
/* Ticks after which a call is not repeated any more, whatever the number wanted. */
#define REPLAY_TICKS_MAX 20000000u

struct replay {
    struct arena arena;
    unsigned char *copy;
    uint32_t *changed; /* lines that the last call changed */
    size_t changes;
    size_t repeats;
    size_t cold_repeats;
};

enum call_kind { CALL_ALLOC, CALL_ALIGNED, CALL_FREE, CALL_REALLOC };

struct call {
    enum call_kind kind;
    void *block;     /* CALL_FREE, CALL_REALLOC */
    size_t old_size; /* likewise */
    size_t size;
    size_t alignment; /* CALL_ALIGNED */
};

struct cost {
    uint32_t warm;
    uint32_t cold; /* UINT32_MAX: not measured */
};

static inline size_t replay_total(const struct replay *replay) {
    return replay->arena.size + replay->arena.bookkeeping;
}

static inline struct replay replay_make(struct arena arena, size_t repeats, size_t cold_repeats) {
    struct replay replay = {.arena = arena, .repeats = repeats, .cold_repeats = cold_repeats};
    replay.copy = table(replay_total(&replay));
    replay.changed = table((replay_total(&replay) / REPLAY_LINE + 1) * sizeof *replay.changed);
    return replay;
}

static inline void replay_save(const struct replay *replay) {
    memcpy(replay->copy, replay->arena.memory, replay_total(replay));
}

static inline void replay_find_changes(struct replay *replay) {
    enum { STEP = 64 * REPLAY_LINE };
    const size_t total = replay_total(replay);
    replay->changes = 0;
    for (size_t block = 0; block < total; block += STEP) {
        const size_t end = block + STEP < total ? block + STEP : total;
        if (memcmp(replay->arena.memory + block, replay->copy + block, end - block) == 0)
            continue;
        for (size_t at = block; at < end; at += REPLAY_LINE) {
            if (memcmp(replay->arena.memory + at, replay->copy + at, REPLAY_LINE) == 0)
                continue;
            replay->changed[replay->changes++] = (uint32_t)(at / REPLAY_LINE);
        }
    }
}

static inline void replay_copy_changes(const struct replay *replay, unsigned char *to,
                                       const unsigned char *from) {
    for (size_t i = 0; i < replay->changes; i++) {
        const size_t at = (size_t)replay->changed[i] * REPLAY_LINE;
        memcpy(to + at, from + at, REPLAY_LINE);
    }
}

static inline void replay_empty_caches(const struct replay *replay) {
#if defined(__x86_64__)
    const size_t total = replay_total(replay);
    for (size_t at = 0; at < total; at += REPLAY_LINE)
        __builtin_ia32_clflush(replay->arena.memory + at);
    __builtin_ia32_mfence();
#else
    (void)replay;
#endif
}

/* Each case is a direct call between two readings of the counter. */
static inline uint32_t replay_once(const struct call *call, void **result) {
    uint64_t start = 0;
    uint32_t time = 0;
    void *block = NULL;
    switch (call->kind) {
    case CALL_ALLOC:
        start = cycles_before();
        block = adapter_alloc(call->size);
        time = cycles_since(start);
        break;
    case CALL_ALIGNED:
        start = cycles_before();
        block = adapter_aligned(call->alignment, call->size);
        time = cycles_since(start);
        break;
    case CALL_FREE:
        start = cycles_before();
        adapter_free(call->block, call->old_size);
        time = cycles_since(start);
        break;
    case CALL_REALLOC:
        start = cycles_before();
        block = adapter_realloc(call->block, call->old_size, call->size);
        time = cycles_since(start);
        break;
    }
    *result = block;
    return time;
}

/* The state is then the one after the call, and *result what it returned. */
static inline struct cost replay_measure(struct replay *replay, const struct call *call,
                                         void **result) {
    struct cost cost = {replay_once(call, result), UINT32_MAX};
    replay_find_changes(replay);
    uint64_t spent = cost.warm;
    for (size_t i = 0; i < replay->repeats + replay->cold_repeats; i++) {
        const bool cold = i >= replay->repeats;
        if (!cold && spent > REPLAY_TICKS_MAX)
            continue;
        replay_copy_changes(replay, replay->arena.memory, replay->copy);
        if (cold)
            replay_empty_caches(replay);
        void *again = NULL;
        const uint32_t time = replay_once(call, &again);
        if (again != *result)
            fail("the same call from the same state gave %p, then %p\n", *result, again);
        spent += time;
        uint32_t *const least = cold ? &cost.cold : &cost.warm;
        *least = time < *least ? time : *least;
    }
    replay_copy_changes(replay, replay->copy, replay->arena.memory);
    return cost;
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SERIES_H
#define BENCH_SERIES_H

/*
 * The times of one kind of call. The workload is repeated: its n-th call of a kind is the same call
 * in every round. "All" are the quantiles over every single time; "least" those over the least time
 * that each call took in any round, which leaves out what interrupts and neighbours add.
 */

#include "../common.h"

struct series {
    const char *name;
    uint32_t *times; /* [round][call] */
    uint8_t *level;  /* of a call: how full the heap was */
    size_t room;     /* calls a round at most */
    size_t calls;    /* of the last round */
};

static inline struct series series_make(const char *name, size_t rounds, size_t room) {
    return (struct series){name, table(rounds * room * sizeof(uint32_t)), table(room), room, 0};
}

static inline void series_add(struct series *series, size_t round, unsigned level, uint32_t time) {
    if (series->calls == series->room)
        fail("more calls of '%s' than expected\n", series->name);
    series->level[series->calls] = (uint8_t)level;
    series->times[round * series->room + series->calls++] = time;
}

static inline int series_order(const void *a, const void *b) {
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static inline void series_print_quantiles(uint32_t *times, size_t count) {
    qsort(times, count, sizeof *times, series_order);
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += times[i];
    printf("{\"mean\":%.1f", sum / (double)count);
    static const struct {
        const char *name;
        double share;
    } quantiles[] = {{"p50", 0.5},     {"p90", 0.9},       {"p99", 0.99},
                     {"p99.9", 0.999}, {"p99.99", 0.9999}, {"max", 1}};
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
        const size_t place = (size_t)(quantiles[i].share * (double)count);
        printf(",\"%s\":%u", quantiles[i].name, times[place < count ? place : count - 1]);
    }
    printf("}");
}

#define SERIES_ANY_LEVEL UINT8_MAX

/* "name":{...}, or "name":null when there was no such call. */
static inline void series_print(const struct series *series, const char *name, size_t rounds,
                                unsigned level) {
    uint32_t *const all = table(rounds * series->calls * sizeof *all);
    uint32_t *const least = table(series->calls * sizeof *least);
    size_t calls = 0;
    for (size_t i = 0; i < series->calls; i++) {
        if (level != SERIES_ANY_LEVEL && series->level[i] != level)
            continue;
        least[calls] = UINT32_MAX;
        for (size_t round = 0; round < rounds; round++) {
            const uint32_t time = series->times[round * series->room + i];
            all[calls * rounds + round] = time;
            least[calls] = time < least[calls] ? time : least[calls];
        }
        calls++;
    }
    printf("\"%s\":", name);
    if (calls == 0) {
        printf("null");
    } else {
        printf("{\"calls\":%zu,\"all\":", calls);
        series_print_quantiles(all, calls * rounds);
        printf(",\"least\":");
        series_print_quantiles(least, calls);
        printf("}");
    }
    munmap(all, rounds * series->calls * sizeof *all + !series->calls);
    munmap(least, series->calls * sizeof *least + !series->calls);
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Usage: model_random [SEED [OPERATIONS]]     SEED "new", or none: one of its own each time
 *
 * Random operations on heaps of many shapes, each judged against the reference. A shape is played
 * as a series of heaps, so that every stage from the empty to the full heap comes up often.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "machine.h"

struct play {
    struct shape shape;
    unsigned share;      /* of all operations, in thousandths */
    unsigned heap_every; /* operations from one new heap to the next */
};

enum { INSIDE = 0, OUTSIDE = CHUNK_HEAP_NODES_OUTSIDE, GROWS = CHUNK_HEAP_GROWS };

static const struct play plays[] = {
    {{1, 16, INSIDE, 0, 1}, 20, 500},
    {{1, 4096, OUTSIDE, 0, 1}, 20, 500},
    {{7, 16, INSIDE | GROWS, 1, 1}, 50, 200},
    {{31, 64, OUTSIDE, 2, 1}, 50, 1000},
    {{33, 64, INSIDE, 0, 1}, 50, 1000},
    {{63, 16, INSIDE, 5, 1}, 60, 2000},
    {{63, 256, OUTSIDE | GROWS, 0, 1}, 50, 1000},
    {{64, 64, INSIDE, 0, 1}, 50, 2000},
    {{64, 16, OUTSIDE, 16, 1}, 50, 2000},
    {{65, 256, INSIDE | GROWS, 0, 1}, 50, 1000},
    {{65, 16, OUTSIDE, 1, 1}, 50, 2000},
    {{300, 16, INSIDE, 3, 16}, 90, 4000},
    {{4096, 16, INSIDE, 0, 64}, 60, 200},
    {{4096, 16, INSIDE, 0, 256}, 60, 20000},
    {{4096, 64, OUTSIDE, 4, 256}, 60, 20000},
    {{4096, 256, INSIDE | GROWS, 0, 256}, 60, 20000},
    {{5000, 4096, OUTSIDE, 0, 512}, 50, 20000},
    {{70000, 64, INSIDE, 7, 8192}, 50, 100000},
    {{262144 + 64 * 3 + 1, 16, INSIDE, 0, 32768}, 50, 250000},
    {{300001, 64, OUTSIDE | GROWS, 11, 32768}, 20, 100000},
};

static void play_shape(const struct play *play, uint64_t operations, struct tape *tape,
                       const char *origin) {
    uint64_t left = play->shape.chunks <= CHUNK_HEAP_MAX_CHUNKS ? operations : 0;
    while (left > 0) {
        struct machine machine;
        uint64_t steps = left < play->heap_every ? left : play->heap_every;
        left -= steps;
        machine_create(&machine, &play->shape, tape, origin);
        while (steps-- > 0) {
            machine_step(&machine);
        }
        machine_compare(&machine);
        machine_destroy(&machine);
    }
}

static uint64_t seed_from(const char *text) {
    return text == NULL || strcmp(text, "new") == 0 ? (uint64_t)time(NULL)
                                                    : strtoull(text, NULL, 0);
}

int main(int argc, char **argv) {
    const uint64_t seed = seed_from(argc > 1 ? argv[1] : NULL);
    const uint64_t operations = argc > 2 ? strtoull(argv[2], NULL, 0) : UINT64_C(10000000);
    char origin[64];
    (void)snprintf(origin, sizeof origin, "model_random %llu %llu", (unsigned long long)seed,
                   (unsigned long long)operations);
    (void)printf("%s\n", origin);
    (void)fflush(stdout);
    struct tape tape = tape_from_seed(seed);
    for (size_t i = 0; i < sizeof plays / sizeof *plays; i++) {
        play_shape(&plays[i], (operations * plays[i].share + 999) / 1000, &tape, origin);
    }
    return 0;
}

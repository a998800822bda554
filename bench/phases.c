/* SPDX-License-Identifier: MIT */
/*
 * A change of phase: fill with small objects, free all but one percent at random, refill with other
 * sizes, free again but for one percent, and look at what stays resident for the few that live.
 */
#include "common.h"

static struct param params[] = {{"mib", 192}, {"phases", 4}};
enum { MIB_EACH, PHASES };

#define SMALLEST 16

struct object {
    void *block;
    uint32_t size;
};

/* The smallest and largest object of each phase. */
static const size_t ranges[][2] = {{16, 64}, {512, 2048}, {64, 512}, {4096, 32768}};

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    const size_t total = params[MIB_EACH].value * MIB, most = 2 * total / SMALLEST;
    struct object *objects = table(most * sizeof *objects);
    struct rng rng = rng_make(9);
    size_t count = 0, live = 0, ops = 0;
    const double start = now();
    for (size_t phase = 0; phase < params[PHASES].value; phase++) {
        const size_t *range = ranges[phase % (sizeof ranges / sizeof *ranges)];
        while (live < total && count < most) {
            const size_t size = rng_log(&rng, range[0], range[1]);
            objects[count] = (struct object){make(size, size), (uint32_t)size};
            live += size;
            count++;
            ops++;
        }
        size_t kept = 0;
        for (size_t i = 0; i < count; i++) {
            if (rng_below(&rng, 100) == 0) {
                objects[kept++] = objects[i];
                continue;
            }
            live -= objects[i].size;
            drop(objects[i].block, objects[i].size, objects[i].size);
            ops++;
        }
        count = kept;
    }
    const double seconds = now() - start;
    if (count * sizeof *objects > PAGE)
        madvise(objects, most * sizeof *objects, MADV_DONTNEED);
    report_after("phases", seconds, ops, live);
}

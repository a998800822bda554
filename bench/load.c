/* SPDX-License-Identifier: MIT */
/*
 * A load by the clock, for the picture of resident memory over time: it rises, is churned, falls to
 * a tenth, rests, rises again with other sizes, is gone. Each step does its work and waits for the
 * next tick, so that all allocators are at the same point at the same time. Prints [second, live
 * KiB] pairs.
 */
#include "mix.h"

static struct param params[] = {{"peak_mib", 96}, {"tick_ms", 20}};
enum { PEAK_MIB, TICK_MS };

struct object {
    void *block;
    size_t size;
};

static struct object *objects;
static size_t count, live, most;
static struct rng rng;
static size_t mix;

static void add_object(void) {
    const size_t size = mix_size(&rng, mix);
    objects[count] = (struct object){make(size, size), size};
    live += size;
    count++;
}

static void drop_random(void) {
    const size_t i = rng_below(&rng, count);
    live -= objects[i].size;
    drop(objects[i].block, objects[i].size, objects[i].size);
    objects[i] = objects[--count];
}

enum stage { RISE, CHURN, FALL, REST, RISE_OTHER, CHURN_OTHER, FALL_ALL, REST_END, STAGES };
static const size_t ticks_of[STAGES] = {25, 25, 20, 45, 25, 15, 20, 60};

static void step(enum stage stage, size_t tick) {
    const size_t peak = params[PEAK_MIB].value * MIB;
    const size_t share = tick + 1, whole = ticks_of[stage];
    mix = stage < RISE_OTHER ? 2 : 0;
    switch (stage) {
    case RISE:
    case RISE_OTHER:
        while (live < peak / whole * share && count < most)
            add_object();
        return;
    case CHURN:
    case CHURN_OTHER:
        for (size_t n = count / 50; n > 0; n--) {
            drop_random();
            add_object();
        }
        return;
    case FALL:
        while (count > 0 && live > peak - peak / 10 * 9 / whole * share)
            drop_random();
        return;
    case FALL_ALL:
        while (count > 0 && (share == whole || live > peak - peak / whole * share))
            drop_random();
        return;
    default: /* an idle server still does a little */
        drop(make(100, tick), 100, tick);
    }
}

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    most = params[PEAK_MIB].value * MIB / 16;
    objects = table(most * sizeof *objects);
    rng = rng_make(10);
    const double tick = (double)params[TICK_MS].value * 1e-3, start = now();
    double due = start, busy = 0;
    const size_t table_pages = most * sizeof *objects / PAGE;
    dprintf(STDOUT_FILENO, "{\"workload\":\"load\",\"marks\":[[0,0]");
    for (enum stage stage = 0; stage < STAGES; stage++) {
        for (size_t i = 0; i < ticks_of[stage]; i++) {
            const double begun = now();
            step(stage, i);
            busy += now() - begun;
            const size_t used = count * sizeof *objects / PAGE + 1;
            if (used < table_pages)
                madvise((char *)objects + used * PAGE, (table_pages - used) * PAGE, MADV_DONTNEED);
            dprintf(STDOUT_FILENO, ",[%.3f,%zu]", now() - start,
                    (live + count * sizeof *objects) / KIB);
            due += tick;
            const double left = due - now();
            if (left > 0)
                sleep_ms((unsigned)(left * 1000));
            else
                due = now();
        }
    }
    dprintf(STDOUT_FILENO, "],\"seconds\":%.6f,\"ops\":1,\"live_kib\":0,\"after_kib\":%zu}\n", busy,
            rss_kib());
}

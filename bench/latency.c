/* SPDX-License-Identifier: MIT */
/*
 * How long single calls take: malloc, the first write to what it gave, free. The set of live
 * objects grows, is churned and shrinks; one allocation in 512 is large. Buckets are 1/32 of a
 * doubling wide.
 */
#include "cycles.h"
#include "mix.h"

static struct param params[] = {{"ops", 6000000}, {"live", 200000}, {"threads", 1}};
enum { OPS, LIVE, THREADS };

#define FINE 5
#define BUCKETS (40 << FINE)

enum kind { KIND_MALLOC, KIND_TOUCH, KIND_FREE, KINDS };
static const char *const kind_names[] = {"malloc", "touch", "free"};

struct worker {
    size_t seed;
    uint64_t buckets[KINDS][BUCKETS];
    uint64_t longest[KINDS];
};

static size_t bucket_of(uint64_t value) {
    if (value < (1u << FINE))
        return (size_t)value;
    const unsigned top = 63u - (unsigned)__builtin_clzll(value);
    const size_t bucket =
        ((size_t)(top - FINE + 1) << FINE) + (value >> (top - FINE) & ((1u << FINE) - 1));
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

static double bucket_value(size_t bucket) {
    if (bucket < (1u << FINE))
        return (double)bucket;
    const size_t top = (bucket >> FINE) + FINE - 1;
    const double step = (double)((uint64_t)1 << (top - FINE));
    return ((double)(bucket & ((1u << FINE) - 1)) + (1u << FINE) + 0.5) * step;
}

static void add(struct worker *worker, enum kind kind, uint64_t value) {
    worker->buckets[kind][bucket_of(value)]++;
    if (value > worker->longest[kind])
        worker->longest[kind] = value;
}

struct object {
    void *block;
    size_t size;
};

static void timed_make(struct worker *worker, struct object *object, size_t size, size_t tag) {
    const uint64_t start = cycles_after();
    void *block = malloc(size);
    const uint64_t made = cycles_after();
    mark(need(block, size), size, tag);
    const uint64_t touched = cycles_after();
    add(worker, KIND_MALLOC, made - start);
    add(worker, KIND_TOUCH, touched - made);
    *object = (struct object){block, size};
}

static void timed_drop(struct worker *worker, struct object *object, size_t tag) {
    check(object->block, object->size, tag);
    const uint64_t start = cycles_after();
    free(object->block);
    add(worker, KIND_FREE, cycles_after() - start);
    object->block = NULL;
}

static void *work(void *context) {
    struct worker *worker = context;
    const size_t live = params[LIVE].value / params[THREADS].value;
    struct object *objects = table(live * sizeof *objects);
    memset(objects, 0, live * sizeof *objects);
    struct rng rng = rng_make(worker->seed);
    for (size_t n = params[OPS].value / params[THREADS].value; n > 0; n--) {
        const size_t i = rng_below(&rng, live);
        if (objects[i].block)
            timed_drop(worker, &objects[i], i);
        const bool large = rng_below(&rng, 512) == 0;
        timed_make(worker, &objects[i],
                   large ? rng_log(&rng, 4 * KIB, 256 * KIB) : mix_size(&rng, MIXES), i);
    }
    for (size_t i = 0; i < live; i++) {
        if (objects[i].block)
            timed_drop(worker, &objects[i], i);
    }
    return NULL;
}

static double nanoseconds_per_tick(void) {
    const double start = now();
    const uint64_t first = cycles_after();
    sleep_ms(50);
    const uint64_t last = cycles_after();
    return (now() - start) * 1e9 / (double)(last - first);
}

static void print_kind(const struct worker *sum, enum kind kind, double scale) {
    static const double quantiles[] = {0.01, 0.1,  0.25,  0.5,   0.75,  0.9,    0.95,
                                       0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999};
    const size_t count = sizeof quantiles / sizeof *quantiles;
    uint64_t all = 0, seen = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        all += sum->buckets[kind][i];
    dprintf(STDOUT_FILENO, ",\"%s\":{\"max_ns\":%.0f,\"quantiles\":[", kind_names[kind],
            (double)sum->longest[kind] * scale);
    size_t next = 0;
    for (size_t i = 0; i < BUCKETS && next < count; i++) {
        seen += sum->buckets[kind][i];
        for (; next < count && (double)seen >= quantiles[next] * (double)all; next++)
            dprintf(STDOUT_FILENO, "%s[%g,%.1f]", next ? "," : "", quantiles[next],
                    bucket_value(i) * scale);
    }
    dprintf(STDOUT_FILENO, "]}");
}

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    const size_t count = params[THREADS].value;
    struct worker *workers = table(count * sizeof *workers);
    memset(workers, 0, count * sizeof *workers);
    for (size_t i = 0; i < count; i++)
        workers[i].seed = i;
    const double scale = nanoseconds_per_tick();
    uint64_t empty = UINT64_MAX;
    for (unsigned i = 0; i < 1000; i++) {
        const uint64_t start = cycles_after(), cost = cycles_after() - start;
        empty = cost < empty ? cost : empty;
    }
    const double start = now();
    run_threads(count, work, workers, sizeof *workers);
    const double seconds = now() - start;
    for (size_t w = 1; w < count; w++) {
        for (size_t kind = 0; kind < KINDS; kind++) {
            for (size_t i = 0; i < BUCKETS; i++)
                workers[0].buckets[kind][i] += workers[w].buckets[kind][i];
            if (workers[w].longest[kind] > workers[0].longest[kind])
                workers[0].longest[kind] = workers[w].longest[kind];
        }
    }
    dprintf(STDOUT_FILENO,
            "{\"workload\":\"latency\",\"seconds\":%.6f,\"ops\":%zu,\"timer_ns\":%.1f", seconds,
            params[OPS].value, (double)empty * scale);
    for (enum kind kind = 0; kind < KINDS; kind++)
        print_kind(workers, kind, scale);
    dprintf(STDOUT_FILENO, "}\n");
}

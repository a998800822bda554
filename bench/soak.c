/* SPDX-License-Identifier: MIT */
/*
 * A load that lasts, for scripts/soak. How much lives, the sizes and the lifetimes drift with the
 * clock, each at a pace of its own, and all of it again and again; blocks move between threads, and
 * other threads live shortly. Once a second, a line: [second, resident, live as the library counts
 * it, live as asked for] in KiB. Ends with what the check of the library finds.
 */
#include "mix.h"

#include <stdatomic.h>

#pragma weak chunkmalloc_check

static struct param params[] = {
    {"seconds", 60}, {"period", 300}, {"threads", 4}, {"most_mib", 16}, {"leak_kib", 0}};
enum { SECONDS, PERIOD, THREADS, MOST_MIB, LEAK_KIB };

#define MOST_BLOCKS ((size_t)1 << 18)
#define TABLE_KIB (MOST_BLOCKS * sizeof(struct object) / KIB)
#define SHARED 1024

struct object {
    void *block;
    size_t size;
};

struct worker {
    size_t number;
    struct object *objects; /* a ring, the oldest at first */
    size_t first, count, live;
    struct rng rng;
};

static struct object shared[SHARED];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_size_t asked, leaked;
static double start;

/* From 0 up to 1 and back to 0, `times` in a period. */
static double wave(double times) {
    const double turns = (now() - start) / (double)params[PERIOD].value * times;
    const double at = turns - (double)(size_t)turns;
    return at < 0.5 ? 2 * at : 2 - 2 * at;
}

static struct object *at(struct worker *worker, size_t index) {
    return &worker->objects[(worker->first + index) % MOST_BLOCKS];
}

static void add(struct worker *worker) {
    const size_t mix = (size_t)((now() - start) / (double)params[PERIOD].value * 4) % (MIXES + 1);
    size_t size = mix_size(&worker->rng, mix);
    if (rng_below(&worker->rng, 1000) == 0)
        size = rng_log(&worker->rng, 16 * KIB, 512 * KIB);
    *at(worker, worker->count++) = (struct object){make(size, size), size};
    worker->live += size;
}

/* Some blocks end in another thread: one is put where another one is taken. */
static void end_of(struct object object) {
    if (object.size % 8 == 0) {
        pthread_mutex_lock(&lock);
        struct object *place = &shared[object.size * 7919 % SHARED];
        const struct object other = *place;
        *place = object;
        pthread_mutex_unlock(&lock);
        object = other;
    }
    if (object.block)
        drop(object.block, object.size, object.size);
}

/* The oldest, or any: long lives beside short ones. */
static void take_away(struct worker *worker) {
    const bool oldest = rng_below(&worker->rng, 100) < (size_t)(wave(3) * 100);
    struct object *chosen = at(worker, oldest ? 0 : rng_below(&worker->rng, worker->count));
    const struct object object = *chosen;
    *chosen = *at(worker, 0);
    worker->first = (worker->first + 1) % MOST_BLOCKS;
    worker->count--;
    worker->live -= object.size;
    end_of(object);
}

static void *work(void *context) {
    struct worker *worker = context;
    while (now() - start < (double)params[SECONDS].value) {
        const size_t before = worker->live;
        const double most = (double)(params[MOST_MIB].value * MIB);
        const size_t wanted = (size_t)(most * (0.25 + 0.75 * wave(1)));
        for (size_t i = 0; i < 500 && worker->count > 0; i++)
            take_away(worker);
        while (worker->live < wanted && worker->count < MOST_BLOCKS)
            add(worker);
        while (worker->live > wanted && worker->count > 0)
            take_away(worker);
        atomic_fetch_add(&asked, worker->live - before);
        sleep_ms(20);
    }
    return NULL;
}

static void *live_shortly(void *context) {
    struct rng rng = rng_make((uint64_t)(uintptr_t)context);
    for (size_t i = 0; i < 1000; i++) {
        const size_t size = mix_size(&rng, MIXES);
        drop(make(size, i), size, i);
    }
    return NULL;
}

static const char *found(void) {
    const char *text = chunkmalloc_check ? chunkmalloc_check() : NULL;
    return text ? text : "";
}

/* In KiB, less the tables of this program. */
static size_t resident(void) {
    return rss_kib() - params[THREADS].value * TABLE_KIB;
}

static void sample(void) {
    struct chunkmalloc_stats stats = {0};
    if (chunkmalloc_get_stats)
        chunkmalloc_get_stats(&stats, sizeof stats);
    dprintf(STDOUT_FILENO, "[%.1f, %zu, %zu, %zu]\n", now() - start, resident(),
            (stats.small_live + stats.in_large) / KIB, atomic_load(&asked) / KIB);
}

static void *watch(void *context) {
    (void)context;
    for (size_t second = 1; now() - start < (double)params[SECONDS].value; second++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, live_shortly, NULL) == 0)
            pthread_join(thread, NULL);
        if (params[LEAK_KIB].value)
            atomic_fetch_xor(&leaked, (size_t)make(params[LEAK_KIB].value * KIB, second));
        sample();
        if (second % 60 == 0 && *found())
            fail("after %zu s: %s\n", second, found());
        sleep_ms(1000);
    }
    return NULL;
}

static void empty(struct worker *worker) {
    while (worker->count > 0)
        take_away(worker);
}

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    const size_t count = params[THREADS].value;
    struct worker *workers = table(count * sizeof *workers);
    for (size_t i = 0; i < count; i++) {
        workers[i] = (struct worker){.number = i, .rng = rng_make(i)};
        workers[i].objects = table(TABLE_KIB * KIB);
        memset(workers[i].objects, 0xff, TABLE_KIB * KIB); /* resident from now on */
    }
    start = now();
    pthread_t watcher;
    if (pthread_create(&watcher, NULL, watch, NULL) != 0)
        fail("cannot create the thread that watches\n");
    run_threads(count, work, workers, sizeof *workers);
    pthread_join(watcher, NULL);
    for (size_t i = 0; i < count; i++)
        empty(&workers[i]);
    for (size_t i = 0; i < SHARED; i++) {
        if (shared[i].block)
            drop(shared[i].block, shared[i].size, shared[i].size);
    }
    if (*found())
        fail("in the end: %s\n", found());
    dprintf(STDOUT_FILENO, "{\"after_kib\": %zu}\n", resident());
}

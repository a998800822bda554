/* SPDX-License-Identifier: MIT */
/* Producers and consumers in pairs: every object is freed by another thread than its maker. */
#include "mix.h"

static struct param params[] = {{"ops", 6000000}, {"threads", 4}, {"mix", 5}};
enum { OPS, THREADS, MIX };

#define PARCEL 256
#define SLOTS 16

struct parcel {
    void *blocks[PARCEL];
    size_t sizes[PARCEL];
};

/* The harness's own queue is used once per parcel, so that it does not hide the allocator. */
struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t put, taken;
    struct parcel parcels[SLOTS];
};

struct end {
    struct queue *queue;
    bool producer;
    size_t seed;
};

static size_t parcels_per_pair(void) {
    return params[OPS].value / (params[THREADS].value / 2) / PARCEL;
}

static void produce(struct queue *queue, size_t seed) {
    struct rng rng = rng_make(seed);
    for (size_t n = 0; n < parcels_per_pair(); n++) {
        struct parcel *parcel = &queue->parcels[n % SLOTS];
        pthread_mutex_lock(&queue->lock);
        while (queue->put - queue->taken == SLOTS)
            pthread_cond_wait(&queue->changed, &queue->lock);
        pthread_mutex_unlock(&queue->lock);
        for (size_t i = 0; i < PARCEL; i++) {
            parcel->sizes[i] = mix_size(&rng, params[MIX].value);
            parcel->blocks[i] = make(parcel->sizes[i], n + i);
        }
        pthread_mutex_lock(&queue->lock);
        queue->put++;
        pthread_cond_signal(&queue->changed);
        pthread_mutex_unlock(&queue->lock);
    }
}

static void consume(struct queue *queue) {
    for (size_t n = 0; n < parcels_per_pair(); n++) {
        const struct parcel *parcel = &queue->parcels[n % SLOTS];
        pthread_mutex_lock(&queue->lock);
        while (queue->put == queue->taken)
            pthread_cond_wait(&queue->changed, &queue->lock);
        pthread_mutex_unlock(&queue->lock);
        for (size_t i = 0; i < PARCEL; i++)
            drop(parcel->blocks[i], parcel->sizes[i], n + i);
        pthread_mutex_lock(&queue->lock);
        queue->taken++;
        pthread_cond_signal(&queue->changed);
        pthread_mutex_unlock(&queue->lock);
    }
}

static void *run_end(void *context) {
    const struct end *end = context;
    if (end->producer)
        produce(end->queue, end->seed);
    else
        consume(end->queue);
    return NULL;
}

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    const size_t count = params[THREADS].value;
    if (count < 2 || count % 2 != 0)
        fail("pipeline: the number of threads must be even, not %zu\n", count);
    struct queue *queues = table(count / 2 * sizeof *queues);
    struct end *ends = table(count * sizeof *ends);
    for (size_t i = 0; i < count; i++) {
        ends[i] = (struct end){&queues[i / 2], i % 2 == 0, i};
        if (i % 2 == 0) {
            pthread_mutex_init(&queues[i / 2].lock, NULL);
            pthread_cond_init(&queues[i / 2].changed, NULL);
        }
    }
    const double start = now();
    run_threads(count, run_end, ends, sizeof *ends);
    report("pipeline", now() - start, params[OPS].value);
}

/* SPDX-License-Identifier: MIT */
#include "locked_threads.h"

#include "fixture.h"

#include <pthread.h>

enum { THREADS = 4, COUNTS = 50000, ROUNDS = 20000, HELD = 16 };

struct counter {
    const struct chunk_lock *lock;
    volatile unsigned count; /* guarded by the lock; volatile, so that each step is one */
};

static void run_threads(void *(*routine)(void *), void *context) {
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, routine, context), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
}

static void *count(void *context) {
    struct counter *const counter = context;
    for (int i = 0; i < COUNTS; i++) {
        counter->lock->acquire(counter->lock->lock);
        counter->count = counter->count + 1;
        counter->lock->release(counter->lock->lock);
    }
    return NULL;
}

void locked_threads_count(const struct chunk_lock *lock) {
    struct counter counter = {.lock = lock, .count = 0};
    run_threads(count, &counter);
    assert_int_equal(counter.count, THREADS * COUNTS);
}

struct held {
    unsigned char *block;
    size_t size;
    uint64_t seed;
};

static void let_go(const struct chunk_locked_heap *locked, struct held *held) {
    if (held->block == NULL) {
        return;
    }
    CHECK(pattern_holds(held->block, held->size, held->seed));
    if (held->seed % 2 == 0) {
        chunk_locked_free(locked, held->block);
    } else {
        chunk_locked_free_sized(locked, held->block, held->size);
    }
    held->block = NULL;
}

static void change(const struct chunk_locked_heap *locked, struct held *held,
                   struct support_random *random) {
    const size_t size = random_below(random, 2000);
    const uint64_t seed = random_next(random);
    if (held->block != NULL && seed % 4 == 0) {
        unsigned char *const moved = chunk_locked_realloc(locked, held->block, size);
        if (moved == NULL) {
            return;
        }
        CHECK(pattern_holds(moved, size < held->size ? size : held->size, held->seed));
        held->block = moved;
    } else {
        let_go(locked, held);
        held->block = seed % 3 == 0 ? chunk_locked_alloc_zeroed(locked, size)
                                    : chunk_locked_alloc(locked, size);
        CHECK(held->block == NULL || seed % 3 != 0 || all_zero(held->block, size));
    }
    held->size = size;
    held->seed = seed;
    if (held->block != NULL) {
        CHECK(chunk_locked_usable_size(locked, held->block) >= size);
        pattern_fill(held->block, size, seed);
    }
}

static void *allocate(void *context) {
    const struct chunk_locked_heap *const locked = context;
    struct held held[HELD] = {{NULL, 0, 0}};
    struct support_random random = {.state = (uint64_t)(uintptr_t)&held};
    for (int round = 0; round < ROUNDS; round++) {
        change(locked, &held[random_below(&random, HELD)], &random);
    }
    for (size_t i = 0; i < HELD; i++) {
        let_go(locked, &held[i]);
    }
    return NULL;
}

void locked_threads_allocate(const struct chunk_locked_heap *locked) {
    struct chunk_locked_heap copy = *locked;
    run_threads(allocate, &copy);
}

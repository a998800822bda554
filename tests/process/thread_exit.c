/* SPDX-License-Identifier: MIT */
/*
 * Allocation while a thread ends: in destructors of thread-specific data, round after round, some
 * of which run after the allocator's own destructor has given the thread's caches away.
 */
#include "library.h"
#include "workout.h"

#include <limits.h>
#include <malloc.h>
#include <stdatomic.h>
#include <sys/mman.h>

/* The C library holds the first 32 keys' values in the thread's descriptor; for others it
 * allocates, and frees after the last destructor. The last keys made here are of those. */
enum { KEYS = 6, KEYS_BETWEEN = 32, THREADS = 200, AT_ONCE = 10 };

static pthread_key_t keys[KEYS];
static atomic_size_t last_rounds;

struct luggage {
    size_t key;
    size_t round; /* of PTHREAD_DESTRUCTOR_ITERATIONS */
    struct support_random random;
    unsigned char *block;
    size_t size;
};

static void repack(struct luggage *luggage) {
    luggage->size = random_size(&luggage->random, 50000);
    luggage->block = malloc(hide_size(luggage->size));
    CHECK(luggage->block != NULL);
    pattern_fill(luggage->block, luggage->size, luggage->key);
}

static void unload(void *value) {
    struct luggage *luggage = value;
    CHECK(pattern_holds(luggage->block, luggage->size, luggage->key));
    free(luggage->block);
    workout(&luggage->random, 30, 40000);
    workout_all_classes();
    if (++luggage->round == PTHREAD_DESTRUCTOR_ITERATIONS) {
        free(luggage);
        atomic_fetch_add(&last_rounds, 1);
        return;
    }
    luggage = realloc(luggage, sizeof *luggage + luggage->round * 100);
    CHECK(luggage != NULL);
    repack(luggage);
    CHECK(pthread_setspecific(keys[luggage->key], luggage) == 0);
}

static void *live(void *argument) {
    for (size_t key = 0; key < KEYS; key++) {
        struct luggage *const luggage = calloc(1, sizeof *luggage);
        CHECK(luggage != NULL);
        luggage->key = key;
        luggage->random.state = (size_t)argument;
        repack(luggage);
        CHECK(pthread_setspecific(keys[key], luggage) == 0);
    }
    return NULL;
}

static void only_work(void *value) {
    workout(value, 30, 40000);
    atomic_fetch_add(&last_rounds, 1);
}

/* Allocates for the first time in a destructor. */
static void *live_without_allocating(void *argument) {
    static struct support_random random[AT_ONCE];
    CHECK(pthread_setspecific(keys[0], &random[(size_t)argument]) == 0);
    return NULL;
}

/* As late as that, the allocator's own destructor does not hear of it any more. */
static struct late {
    size_t round;
    struct support_random random;
} late[AT_ONCE];
static size_t late_round;

static void wait_for_round(void *value) {
    struct late *const self = value;
    if (++self->round < late_round) {
        CHECK(pthread_setspecific(keys[0], self) == 0);
        return;
    }
    self->round = 0;
    workout(&self->random, 30, 40000);
    atomic_fetch_add(&last_rounds, 1);
}

static void *live_until_late(void *argument) {
    CHECK(pthread_setspecific(keys[0], &late[(size_t)argument]) == 0);
    return NULL;
}

static void *allocate_at_once(void *argument) {
    struct support_random random = {(size_t)argument};
    workout(&random, 30, 40000);
    return NULL;
}

/* Where a thread was of whose end the allocator has not heard, there may be anything later. */
static void take_its_stack_away(void) {
    enum { STACK = 1 << 20 };
    pthread_attr_t attributes;
    pthread_t thread;
    unsigned char *const stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
                                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(stack != MAP_FAILED);
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstack(&attributes, stack, STACK) == 0);
    CHECK(pthread_create(&thread, &attributes, live_until_late, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(pthread_attr_destroy(&attributes) == 0);
    CHECK(mprotect(stack, STACK, PROT_NONE) == 0);
    CHECK(library_stats().threads <= 1);
    CHECK(munmap(stack, STACK) == 0);
    CHECK(library_stats().threads <= 1);
}

static void run_threads(void *(*work)(void *), size_t count) {
    pthread_t threads[AT_ONCE];
    for (size_t first = 0; first < count; first += AT_ONCE) {
        for (size_t i = 0; i < AT_ONCE; i++) {
            start_thread(&threads[i], work, i);
        }
        for (size_t i = 0; i < AT_ONCE; i++) {
            CHECK(pthread_join(threads[i], NULL) == 0);
        }
    }
}

/* What is free may stay resident for a while, and on a busy machine for longer. */
static size_t resident_after_trim(void) {
    (void)malloc_trim(0);
    return resident_bytes();
}

int main(void) {
    support_begin(100);
    for (size_t key = 0; key < KEYS; key++) {
        pthread_key_t between;
        for (size_t i = 0; key == KEYS / 2 && i < KEYS_BETWEEN; i++) {
            CHECK(pthread_key_create(&between, NULL) == 0);
        }
        CHECK(pthread_key_create(&keys[key], unload) == 0);
    }
    run_threads(live, THREADS / 10);
    const size_t resident = resident_after_trim();
    run_threads(live, THREADS);
    CHECK(atomic_load(&last_rounds) == KEYS * (THREADS + THREADS / 10));
    /* What a thread caches after the allocator's destructor must not be lost with the thread. */
    CHECK(resident_after_trim() <= resident + 12 * SUPPORT_MIB);

    CHECK(pthread_key_delete(keys[0]) == 0);
    CHECK(pthread_key_create(&keys[0], only_work) == 0);
    atomic_store(&last_rounds, 0);
    run_threads(live_without_allocating, THREADS);
    CHECK(atomic_load(&last_rounds) == THREADS);
    CHECK(resident_after_trim() <= resident + 12 * SUPPORT_MIB);

    CHECK(pthread_key_delete(keys[0]) == 0);
    CHECK(pthread_key_create(&keys[0], wait_for_round) == 0);
    for (late_round = 1; late_round <= PTHREAD_DESTRUCTOR_ITERATIONS; late_round++) {
        atomic_store(&last_rounds, 0);
        run_threads(live_until_late, 4 * AT_ONCE);
        CHECK(atomic_load(&last_rounds) == 4 * AT_ONCE);
        run_threads(allocate_at_once, 4 * AT_ONCE);
        CHECK(library_stats().threads <= 1);
        take_its_stack_away();
        check_library();
    }
    return 0;
}

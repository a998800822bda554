/* SPDX-License-Identifier: MIT */
/* Many threads that allocate, hand blocks to each other, and free what others made. */
#include "suite.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 8, STEPS = 60000, EXCHANGE = 512, LARGEST = 60000 };

/* A block carries its size and its seed in front of its pattern. */
struct parcel {
    size_t size;
    uint64_t seed;
    unsigned char contents[];
};

static struct parcel *_Atomic exchange[EXCHANGE];

static struct parcel *pack(struct parcel *parcel, size_t size, uint64_t seed) {
    CHECK(parcel != NULL && is_aligned(parcel, 16));
    parcel->size = size;
    parcel->seed = seed;
    pattern_fill(parcel->contents, size, seed);
    return parcel;
}

static void unpack(struct parcel *parcel) {
    if (parcel != NULL) {
        CHECK(parcel->size <= 2 * LARGEST);
        CHECK(pattern_holds(parcel->contents, parcel->size, parcel->seed));
        free(parcel);
    }
}

static struct parcel *new_parcel(struct support_random *random) {
    const size_t size = random_size(random, LARGEST);
    struct parcel *const parcel =
        entries[random_below(random, 8)].get(sizeof(struct parcel) + size);
    return pack(parcel, size, random_next(random));
}

static struct parcel *resized(struct parcel *parcel, struct support_random *random) {
    const size_t size = random_size(random, LARGEST);
    const size_t kept = size < parcel->size ? size : parcel->size;
    struct parcel *const moved = realloc(hide(parcel), sizeof(struct parcel) + size);
    CHECK(moved != NULL && pattern_holds(moved->contents, kept, moved->seed));
    return pack(moved, size, random_next(random));
}

static void *trade(void *argument) {
    struct support_random random = {(uintptr_t)argument};
    for (size_t step = 0; step < STEPS; step++) {
        struct parcel *parcel = new_parcel(&random);
        if (random_below(&random, 8) == 0) {
            parcel = resized(parcel, &random);
        }
        struct parcel *_Atomic *const place = &exchange[random_below(&random, EXCHANGE)];
        parcel = atomic_exchange(place, parcel);
        if (parcel != NULL && random_below(&random, 8) == 0) {
            parcel = resized(parcel, &random);
        }
        unpack(parcel);
    }
    return NULL;
}

static void run_threads(void *(*work)(void *), size_t count) {
    pthread_t threads[64];
    assert_true(count <= 64);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
    }
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
}

static void test_blocks_change_hands(void **state) {
    (void)state;
    run_threads(trade, THREADS);
    for (size_t i = 0; i < EXCHANGE; i++) {
        unpack(atomic_exchange(&exchange[i], NULL));
    }
}

/* ---- a ring: each thread frees only what the thread before it made -----------------------------
 */

enum { RING = 4, DEPTH = 256, ROUNDS = 80000 };

struct channel {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct parcel *waiting[DEPTH];
    size_t sent;
    size_t received;
};

static struct channel channels[RING];

static void send_parcel(struct channel *channel, struct parcel *parcel) {
    CHECK(pthread_mutex_lock(&channel->mutex) == 0);
    while (channel->sent - channel->received == DEPTH) {
        CHECK(pthread_cond_wait(&channel->changed, &channel->mutex) == 0);
    }
    channel->waiting[channel->sent++ % DEPTH] = parcel;
    CHECK(pthread_cond_signal(&channel->changed) == 0);
    CHECK(pthread_mutex_unlock(&channel->mutex) == 0);
}

static struct parcel *receive_parcel(struct channel *channel) {
    CHECK(pthread_mutex_lock(&channel->mutex) == 0);
    while (channel->sent == channel->received) {
        CHECK(pthread_cond_wait(&channel->changed, &channel->mutex) == 0);
    }
    struct parcel *const parcel = channel->waiting[channel->received++ % DEPTH];
    CHECK(pthread_cond_signal(&channel->changed) == 0);
    CHECK(pthread_mutex_unlock(&channel->mutex) == 0);
    return parcel;
}

static void *produce(void *argument) {
    const size_t place = ((uintptr_t)argument - 1) / 2;
    struct support_random random = {place + 100};
    for (size_t round = 0; round < ROUNDS; round++) {
        const size_t size = random_size(&random, 2000);
        struct parcel *const parcel = malloc(sizeof(struct parcel) + size);
        send_parcel(&channels[place], pack(parcel, size, round));
    }
    return NULL;
}

static void *consume(void *argument) {
    const size_t place = ((uintptr_t)argument - 1) / 2;
    for (size_t round = 0; round < ROUNDS; round++) {
        unpack(receive_parcel(&channels[place]));
    }
    return NULL;
}

static void *produce_or_consume(void *argument) {
    return (uintptr_t)argument % 2 == 0 ? produce(argument) : consume(argument);
}

static void test_one_makes_another_frees(void **state) {
    (void)state;
    for (size_t i = 0; i < RING; i++) {
        assert_int_equal(pthread_mutex_init(&channels[i].mutex, NULL), 0);
        assert_int_equal(pthread_cond_init(&channels[i].changed, NULL), 0);
    }
    const size_t before = resident_bytes();
    run_threads(produce_or_consume, 2 * RING);
    /* Memory that one thread frees must serve the other again: at most RING * DEPTH parcels of at
     * most 2000 bytes are alive, while 4 * 80000 are made. */
    assert_true(resident_bytes() < before + 16 * SUPPORT_MIB);
}

/* ---- threads that end with blocks of theirs alive ----------------------------------------------
 */

enum { HEIRS = 40, EACH = 200 };

static struct parcel *estate[HEIRS][EACH];

static void *leave_behind(void *argument) {
    const size_t place = (uintptr_t)argument - 1;
    struct support_random random = {place + 1000};
    for (size_t i = 0; i < EACH; i++) {
        unpack(new_parcel(&random));
        estate[place][i] = new_parcel(&random);
    }
    return NULL;
}

static void *inherit(void *argument) {
    const size_t place = HEIRS - (uintptr_t)argument;
    for (size_t i = 0; i < EACH; i++) {
        unpack(estate[place][i]);
    }
    return NULL;
}

static void test_blocks_outlive_their_thread(void **state) {
    (void)state;
    for (size_t round = 0; round < 5; round++) {
        run_threads(leave_behind, HEIRS);
        run_threads(inherit, HEIRS);
    }
}

int main(void) {
    support_begin(120);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_makes_another_frees), /* first: it measures memory */
        cmocka_unit_test(test_blocks_change_hands),
        cmocka_unit_test(test_blocks_outlive_their_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* The allocator is modest with stack: threads of 64 KiB use all of it, most of them at once. */
#include "workout.h"

enum { STACK = 64 * 1024, THREADS = 50, ROUNDS = 10, TAKEN = 40 * 1024 };

/* Room for a call, most of the stack being in use already. */
static __attribute__((noinline)) void with_little_left(struct support_random *random) {
    volatile unsigned char taken[TAKEN];
    for (size_t i = 0; i < TAKEN; i += 512) {
        taken[i] = (unsigned char)i;
    }
    for (size_t round = 0; round < ROUNDS; round++) {
        workout(random, 200, 200000);
        workout_all_classes();
        (void)malloc_trim(0);
    }
    for (size_t i = 0; i < TAKEN; i += 512) {
        CHECK(taken[i] == (unsigned char)i);
    }
}

static void *run_thread(void *argument) {
    struct support_random random = {(size_t)argument};
    with_little_left(&random);
    return NULL;
}

int main(void) {
    support_begin(60);
    pthread_attr_t attributes;
    pthread_t threads[THREADS];
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstacksize(&attributes, STACK) == 0);
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], &attributes, run_thread, (void *)i) == 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(pthread_attr_destroy(&attributes) == 0);
    return 0;
}

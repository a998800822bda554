/* SPDX-License-Identifier: MIT */
/*
 * Threads that allocate before the constructors of the preloaded libraries have run, as those do
 * that a library starts which the program is linked with. Some end before main, some after.
 */
#include "library.h"
#include "workout.h"

enum { EARLY = 12, LASTING = 4, LATER = 300 };

static pthread_t lasting[LASTING];
static pthread_barrier_t main_runs;

static void *live_briefly(void *argument) {
    struct support_random random = {(size_t)argument};
    workout(&random, 300, 60000);
    workout_all_classes();
    return NULL;
}

static void *last(void *argument) {
    (void)live_briefly(argument);
    (void)pthread_barrier_wait(&main_runs);
    return live_briefly(argument);
}

static void run_threads(size_t count) {
    for (size_t i = 0; i < count; i++) {
        pthread_t thread;
        start_thread(&thread, live_briefly, i);
        CHECK(pthread_join(thread, NULL) == 0);
    }
}

static void before_all(int argc, char **argv, char **environment) {
    (void)argc;
    (void)argv;
    (void)environment;
    run_threads(EARLY);
    CHECK(pthread_barrier_init(&main_runs, NULL, LASTING + 1) == 0);
    for (size_t i = 0; i < LASTING; i++) {
        start_thread(&lasting[i], last, i);
    }
}

/* Runs before the constructors of every library. */
__attribute__((section(".preinit_array"), used)) static void (*const preinit)(int, char **,
                                                                              char **) = before_all;

int main(void) {
    support_begin(30);
    (void)pthread_barrier_wait(&main_runs);
    for (size_t i = 0; i < LASTING; i++) {
        CHECK(pthread_join(lasting[i], NULL) == 0);
    }
    run_threads(LATER);
    CHECK(mallinfo2().uordblks < 4 * SUPPORT_MIB);
    (void)malloc_trim(0);
    CHECK(library_stats().threads <= 1);
    check_library();
    return 0;
}

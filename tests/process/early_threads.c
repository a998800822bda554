/* SPDX-License-Identifier: MIT */
/*
 * Threads that allocate before the constructors of the preloaded libraries have run, as those do
 * that a library starts which the program is linked with, and forks among them. Some threads end
 * before main, some after.
 */
#include "library.h"
#include "workout.h"

#include <stdatomic.h>

enum { EARLY = 12, LASTING = 3, LATER = 150, FORKS = 60 };

static pthread_t lasting[LASTING];
static atomic_bool main_runs;

static void *live_briefly(void *argument) {
    struct support_random random = {(size_t)argument};
    workout(&random, 300, 60000);
    workout_all_classes();
    return NULL;
}

static void *last(void *argument) {
    struct support_random random = {(size_t)argument};
    while (!atomic_load(&main_runs)) {
        workout(&random, 30, 30000);
        for (size_t i = 0; i < 200; i++) {
            free(malloc(hide_size(100000)));
        }
    }
    return live_briefly(argument);
}

static void run_threads(size_t count) {
    for (size_t i = 0; i < count; i++) {
        pthread_t thread;
        start_thread(&thread, live_briefly, i);
        CHECK(pthread_join(thread, NULL) == 0);
    }
}

static void fork_often(void) {
    for (size_t i = 0; i < FORKS; i++) {
        workout_in_child();
    }
}

static void before_all(int argc, char **argv, char **environment) {
    (void)argc;
    (void)argv;
    (void)environment;
    run_threads(EARLY);
    for (size_t i = 0; i < LASTING; i++) {
        start_thread(&lasting[i], last, i);
    }
    fork_often();
}

/* Runs before the constructors of every library. */
__attribute__((section(".preinit_array"), used)) static void (*const preinit)(int, char **,
                                                                              char **) = before_all;

int main(void) {
    support_begin(60);
    atomic_store(&main_runs, true);
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

/* SPDX-License-Identifier: MIT */
/* fork_storm [FORKS]: so many forks, 400 by default, from two threads, while others allocate all
 * the time; each child allocates, too. */
#include "library.h"
#include "workout.h"

#include <stdatomic.h>
#include <sys/wait.h>

enum { FORKERS = 2, ALLOCATORS = 3, INHERITED = 40 };

static size_t forks_each = 200;

static atomic_bool done;

static void *allocate(void *argument) {
    struct support_random random = {(size_t)argument};
    while (!atomic_load(&done)) {
        workout(&random, 200, 30000);
        workout_all_classes();
    }
    return NULL;
}

static void *allocate_briefly(void *argument) {
    struct support_random random = {(size_t)argument};
    workout(&random, 50, 70000);
    return NULL;
}

static _Noreturn void be_child(size_t number, void *inherited[INHERITED]) {
    watchdog(20);
    CHECK(library_stats().threads <= 1);
    struct support_random random = {number};
    for (size_t i = 0; i < INHERITED; i++) {
        CHECK(pattern_holds(inherited[i], i * 40, number));
        free(inherited[i]);
    }
    workout_all_classes();
    workout(&random, 60, 30000);
    (void)malloc_trim(0);
    if (number % 25 == 0) {
        pthread_t thread;
        start_thread(&thread, allocate_briefly, number);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    if (number % 20 == 0) {
        workout_in_child();
    }
    if (number % 2 == 0) {
        exit(0);
    }
    _exit(0);
}

static void *fork_often(void *argument) {
    const size_t forker = (size_t)argument;
    for (size_t i = 0; i < forks_each; i++) {
        const size_t number = i * FORKERS + forker;
        void *inherited[INHERITED];
        for (size_t j = 0; j < INHERITED; j++) {
            inherited[j] = malloc(hide_size(j * 40));
            CHECK(inherited[j] != NULL);
            pattern_fill(inherited[j], j * 40, number);
        }
        const pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            be_child(number, inherited);
        }
        int status = 0;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(status == 0);
        for (size_t j = 0; j < INHERITED; j++) {
            CHECK(pattern_holds(inherited[j], j * 40, number));
            free(inherited[j]);
        }
    }
    return NULL;
}

int main(int argc, char *argv[]) {
    support_begin(150);
    if (argc > 1) {
        forks_each = strtoul(argv[1], NULL, 10) / FORKERS;
        CHECK(forks_each > 0);
    }
    pthread_t allocators[ALLOCATORS];
    pthread_t forkers[FORKERS];
    for (size_t i = 0; i < ALLOCATORS; i++) {
        start_thread(&allocators[i], allocate, i);
    }
    for (size_t i = 0; i < FORKERS; i++) {
        start_thread(&forkers[i], fork_often, i);
    }
    for (size_t i = 0; i < FORKERS; i++) {
        CHECK(pthread_join(forkers[i], NULL) == 0);
    }
    atomic_store(&done, true);
    for (size_t i = 0; i < ALLOCATORS; i++) {
        CHECK(pthread_join(allocators[i], NULL) == 0);
    }
    return 0;
}

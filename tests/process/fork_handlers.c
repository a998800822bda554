/* SPDX-License-Identifier: MIT */
/*
 * Fork handlers of the program that allocate. Some are registered before the library's constructor
 * runs: their prepare handlers come after those of any allocator that registers in a constructor.
 */
#include "workout.h"

#include <stdatomic.h>
#include <sys/wait.h>

enum { FORKS = 100, ALLOCATORS = 2 };

static atomic_bool done;
static struct support_random handler_random = {23};
static size_t prepared;
static size_t in_parent;
static size_t in_child;

static void *carried[2];

static void prepare(void) {
    prepared++;
    workout_all_classes();
    free(carried[0]);
    carried[0] = malloc(hide_size(100));
    CHECK(carried[0] != NULL);
}

static void continue_parent(void) {
    in_parent++;
    workout_all_classes();
    free(carried[1]);
    carried[1] = malloc(hide_size(50000));
    CHECK(carried[1] != NULL);
}

static void continue_child(void) {
    watchdog(20);
    in_child++;
    workout(&handler_random, 50, 30000);
}

static void register_handlers(void) {
    CHECK(pthread_atfork(prepare, continue_parent, continue_child) == 0);
}

static void register_before_all(int argc, char **argv, char **environment) {
    (void)argc;
    (void)argv;
    (void)environment;
    register_handlers();
}

/* Runs before the constructors of every library. */
__attribute__((section(".preinit_array"),
               used)) static void (*const before_all)(int, char **, char **) = register_before_all;

static void *allocate(void *argument) {
    struct support_random random = {(size_t)argument};
    while (!atomic_load(&done)) {
        workout(&random, 100, 30000);
    }
    return NULL;
}

int main(void) {
    support_begin(100);
    register_handlers();
    pthread_t allocators[ALLOCATORS];
    for (size_t i = 0; i < ALLOCATORS; i++) {
        start_thread(&allocators[i], allocate, i);
    }
    for (size_t i = 0; i < FORKS; i++) {
        const pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            CHECK(in_child == 2);
            workout_all_classes();
            _exit(0);
        }
        int status = 0;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(status == 0);
    }
    CHECK(prepared == (size_t)2 * FORKS && in_parent == (size_t)2 * FORKS && in_child == 0);
    atomic_store(&done, true);
    for (size_t i = 0; i < ALLOCATORS; i++) {
        CHECK(pthread_join(allocators[i], NULL) == 0);
    }
    return 0;
}

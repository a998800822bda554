/* SPDX-License-Identifier: MIT */
/*
 * Allocation from the program's first instruction to its last: before all constructors, in them, in
 * exit handlers, in destructors, and by a thread that goes on while the process exits. Blocks of
 * each phase are freed in a later one. main returns failure; only the last destructor, when it
 * has seen every phase, ends the process with success.
 */
#include "workout.h"

enum phase {
    PREINIT,
    CONSTRUCTOR_FIRST,
    CONSTRUCTOR_LAST,
    IN_MAIN,
    ON_EXIT,
    AT_EXIT,
    DESTRUCTOR_FIRST,
    DESTRUCTOR_LAST,
    PHASES
};

static unsigned char *blocks[PHASES];
static struct support_random phase_random = {29};

static void enter(enum phase phase) {
    if (phase > 0) {
        const enum phase last = phase - 1;
        CHECK(blocks[last] != NULL);
        CHECK(pattern_holds(blocks[last], 1000 * (size_t)last + 10, last));
        if (phase % 2 == 0) {
            free(blocks[last]);
        } else {
            blocks[last] = realloc(hide(blocks[last]), 100000);
            CHECK(blocks[last] != NULL);
        }
    }
    workout(&phase_random, 200, 100000);
    workout_all_classes();
    blocks[phase] = malloc(1000 * (size_t)phase + 10);
    CHECK(blocks[phase] != NULL);
    pattern_fill(blocks[phase], 1000 * (size_t)phase + 10, phase);
}

static void before_all(int argc, char **argv, char **environment) {
    (void)argc;
    (void)argv;
    (void)environment;
    enter(PREINIT);
}

/* Runs before the constructors of every library. */
__attribute__((section(".preinit_array"), used)) static void (*const preinit)(int, char **,
                                                                              char **) = before_all;

__attribute__((constructor(101))) static void construct_first(void) {
    enter(CONSTRUCTOR_FIRST);
}

__attribute__((constructor)) static void construct_last(void) {
    enter(CONSTRUCTOR_LAST);
}

static void at_exit(void) {
    enter(AT_EXIT);
}

static void on_exit_handler(int status, void *argument) {
    CHECK(status == EXIT_FAILURE && argument == &phase_random);
    enter(ON_EXIT);
}

__attribute__((destructor)) static void destroy_first(void) {
    enter(DESTRUCTOR_FIRST);
}

__attribute__((destructor(101))) static void destroy_last(void) {
    enter(DESTRUCTOR_LAST);
    for (size_t phase = 0; phase < PHASES; phase++) {
        CHECK(blocks[phase] != NULL);
    }
    _exit(EXIT_SUCCESS);
}

static void *go_on(void *argument) {
    struct support_random random = {(size_t)argument};
    for (;;) {
        workout(&random, 100, 30000);
    }
    return NULL;
}

int main(void) {
    support_begin(20);
    enter(IN_MAIN);
    CHECK(atexit(at_exit) == 0);
    CHECK(on_exit(on_exit_handler, &phase_random) == 0);
    pthread_t thread;
    start_thread(&thread, go_on, 1);
    CHECK(pthread_detach(thread) == 0);
    return EXIT_FAILURE;
}

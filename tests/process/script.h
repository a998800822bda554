/* SPDX-License-Identifier: MIT */
#ifndef PROCESS_SCRIPT_H
#define PROCESS_SCRIPT_H

/*
 * A run of requests of every kind, the same each time, of which any may be refused: what a request
 * does depends on its number and on what is live. A refusal must be NULL and ENOMEM (EAGAIN for
 * threads and forks), and leave everything as it was, so that the same request can be made again.
 */

#include "library.h"
#include "workout.h"

#include <sys/wait.h>

enum { SCRIPT_REQUESTS = 300, SCRIPT_PLACES = 40, SCRIPT_LARGEST = 2 << 20 };

struct script {
    struct {
        unsigned char *block;
        size_t size;
    } places[SCRIPT_PLACES];
    size_t refused;
};

/* Blocks of several classes, as far as there are any. Errno must tell when there are none. */
static inline void script_take_what_there_is(void) {
    unsigned char *blocks[12];
    for (size_t i = 0; i < 12; i++) {
        const size_t size = (size_t)40 << i;
        errno = 0;
        blocks[i] = malloc(hide_size(size));
        CHECK(blocks[i] != NULL || errno == ENOMEM);
        if (blocks[i] != NULL) {
            pattern_fill(blocks[i], size, i);
        }
    }
    for (size_t i = 0; i < 12; i++) {
        CHECK(blocks[i] == NULL || pattern_holds(blocks[i], (size_t)40 << i, i));
        free(blocks[i]);
    }
}

static inline void *script_thread(void *argument) {
    script_take_what_there_is();
    return argument;
}

static inline bool script_start_thread(void) {
    pthread_t thread;
    const int error = pthread_create(&thread, NULL, script_thread, NULL);
    CHECK(error == 0 || error == EAGAIN || error == ENOMEM);
    CHECK(error != 0 || pthread_join(thread, NULL) == 0);
    return error == 0;
}

static inline bool script_fork(void) {
    errno = 0;
    const pid_t child = fork();
    if (child == 0) {
        watchdog(20);
        script_take_what_there_is();
        check_library();
        _exit(0);
    }
    CHECK(child > 0 || errno == EAGAIN || errno == ENOMEM);
    int status = 0;
    CHECK(child < 0 || (waitpid(child, &status, 0) == child && status == 0));
    return child > 0;
}

static inline void *script_get(struct support_random *random, size_t size) {
    static const size_t alignments[] = {16, 64, 256, 4096, 65536};
    const size_t alignment = alignments[random_below(random, 5)];
    void *block = NULL;
    int error = 0;
    errno = 0;
    switch (random_below(random, 8)) {
    case 0:
        block = calloc(hide_size(size), 1);
        CHECK(block == NULL || all_zero(block, size));
        break;
    case 1:
        error = posix_memalign(&block, alignment, hide_size(size));
        CHECK(error == 0 || error == ENOMEM);
        CHECK(error != 0 || is_aligned(block, alignment));
        CHECK(errno == 0 || !library_present());
        errno = error;
        break;
    case 2:
        block = aligned_alloc(alignment, hide_size(size));
        CHECK(block == NULL || is_aligned(block, alignment));
        break;
    default:
        block = malloc(hide_size(size));
        break;
    }
    CHECK(block != NULL || errno == ENOMEM);
    return block;
}

static inline bool script_fill(struct script *script, size_t place, size_t size,
                               struct support_random *random) {
    unsigned char *const block = script_get(random, size);
    if (block == NULL) {
        return false;
    }
    CHECK(malloc_usable_size(block) >= size);
    pattern_fill(block, size, place);
    script->places[place].block = block;
    script->places[place].size = size;
    return true;
}

static inline void script_empty(struct script *script, size_t place) {
    unsigned char *const block = script->places[place].block;
    CHECK(block == NULL || pattern_holds(block, script->places[place].size, place));
    errno = EXDEV;
    free(block);
    CHECK(errno == EXDEV);
    script->places[place].block = NULL;
}

static inline bool script_resize(struct script *script, size_t place, size_t size) {
    unsigned char *const before = script->places[place].block;
    const size_t common = size < script->places[place].size ? size : script->places[place].size;
    errno = 0;
    unsigned char *const block = realloc(hide(before), hide_size(size));
    if (block == NULL) {
        CHECK(errno == ENOMEM && pattern_holds(before, script->places[place].size, place));
        return false;
    }
    CHECK(pattern_holds(block, common, place));
    pattern_fill(block, size, place);
    script->places[place].block = block;
    script->places[place].size = size;
    return true;
}

/* Does request number i start a thread or a process? */
static inline bool script_needs_process(size_t i) {
    return i % 50 == 20 || i % 100 == 70;
}

/* Makes request number i; false if it was refused. */
static inline bool script_request(struct script *script, size_t i) {
    struct support_random random = {i};
    const size_t place = random_below(&random, SCRIPT_PLACES);
    const size_t size = 1 + random_size(&random, i % 8 == 0 ? SCRIPT_LARGEST : 40000);
    bool done = true;
    if (script_needs_process(i)) {
        done = i % 50 == 20 ? script_start_thread() : script_fork();
    } else if (script->places[place].block == NULL) {
        done = script_fill(script, place, size, &random);
    } else if (i % 2 == 0) {
        done = script_resize(script, place, size);
    } else {
        script_empty(script, place);
    }
    script->refused += !done;
    return done;
}

static inline void script_end(struct script *script) {
    for (size_t place = 0; place < SCRIPT_PLACES; place++) {
        script_empty(script, place);
    }
    check_library();
}

/* Runs a part of a test in a process of its own, which starts with the state of this one. */
static inline void script_in_child(void (*work)(size_t), size_t argument) {
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        watchdog(30);
        work(argument);
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

#endif

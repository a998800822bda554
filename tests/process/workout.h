/* SPDX-License-Identifier: MIT */
#ifndef PROCESS_WORKOUT_H
#define PROCESS_WORKOUT_H

/* Some allocation of every kind, for the places of a process's life where it must work. */

#include "../support.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/wait.h>

static inline void *workout_get(struct support_random *random, size_t size) {
    void *block = NULL;
    switch (random_below(random, 8)) {
    case 0:
        block = calloc(1, hide_size(size));
        CHECK(block != NULL && all_zero(block, size));
        break;
    case 1:
        CHECK(posix_memalign(&block, 256, hide_size(size)) == 0);
        break;
    case 2:
        block = realloc(malloc(hide_size(size / 2)), hide_size(size) + 1);
        break;
    default:
        block = malloc(hide_size(size));
        break;
    }
    CHECK(block != NULL && is_aligned(block, 16));
    return block;
}

enum { WORKOUT_LIVE = 24 };

/* Up to WORKOUT_LIVE blocks alive at once, of any size up to the limit; all are freed. */
static inline void workout(struct support_random *random, size_t steps, size_t limit) {
    struct {
        unsigned char *block;
        size_t size;
    } live[WORKOUT_LIVE] = {{NULL, 0}};
    for (size_t step = 0; step < steps + WORKOUT_LIVE; step++) {
        const size_t i = step % WORKOUT_LIVE;
        CHECK(live[i].block == NULL || pattern_holds(live[i].block, live[i].size, i));
        free(live[i].block);
        live[i].block = NULL;
        if (step < steps) {
            live[i].size = random_size(random, limit);
            live[i].block = workout_get(random, live[i].size);
            pattern_fill(live[i].block, live[i].size, i);
        }
    }
}

/* One block of every size class that an allocator may have, and a few large ones; only their ends
 * are written to. */
static inline void workout_all_classes(void) {
    enum { CLASSES = 128 };
    unsigned char *blocks[CLASSES];
    size_t sizes[CLASSES];
    size_t count = 0;
    for (size_t size = 1; size < 80000; size += size < 256 ? 16 : size / 8) {
        CHECK(count < CLASSES);
        sizes[count] = size;
        blocks[count] = malloc(hide_size(size));
        CHECK(blocks[count] != NULL);
        blocks[count][0] = (unsigned char)count;
        blocks[count][size - 1] = (unsigned char)count;
        count++;
    }
    while (count > 0) {
        count--;
        CHECK(blocks[count][0] == count && blocks[count][sizes[count] - 1] == count);
        free(blocks[count]);
    }
}

static inline void start_thread(pthread_t *thread, void *(*work)(void *), size_t argument) {
    CHECK(pthread_create(thread, NULL, work, (void *)argument) == 0);
}

/* A child that allocates, to its end. */
static inline void workout_in_child(void) {
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        watchdog(20);
        workout_all_classes();
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Memory that one thread is just giving back is missing to nobody: not to other threads, which get
 * blocks although all of a limited heap is claimed at the moment, and not in the child of a fork.
 * Run with a limit of 32M and without a second region.
 */
#include "../support.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCK = 12 << 20, WORKERS = 2, ROUNDS = 300, FORKS = 100 };

static atomic_bool done;
static atomic_int refused;
static atomic_int working;

static void *work(void *argument) {
    (void)argument;
    for (size_t round = 0; round < ROUNDS; round++) {
        char *const block = malloc(BLOCK);
        if (block == NULL) {
            atomic_fetch_add(&refused, 1);
            continue;
        }
        for (size_t i = 0; i < BLOCK; i += 65536) {
            block[i] = 1;
        }
        free(block);
    }
    atomic_fetch_sub(&working, 1);
    return NULL;
}

static void *purge(void *argument) {
    (void)argument;
    while (!atomic_load(&done)) {
        (void)malloc_trim(0);
    }
    return NULL;
}

static void *fill_and_purge(void *argument) {
    (void)argument;
    while (!atomic_load(&done)) {
        char *const block = malloc(BLOCK);
        CHECK(block != NULL);
        for (size_t i = 0; i < BLOCK; i += 4096) {
            block[i] = 1;
        }
        free(block);
        (void)malloc_trim(0);
    }
    return NULL;
}

static void check_threads(void) {
    pthread_t workers[WORKERS];
    pthread_t purger;
    atomic_store(&working, WORKERS);
    CHECK(pthread_create(&purger, NULL, purge, NULL) == 0);
    for (size_t i = 0; i < WORKERS; i++) {
        CHECK(pthread_create(&workers[i], NULL, work, NULL) == 0);
    }
    for (size_t i = 0; i < WORKERS; i++) {
        CHECK(pthread_join(workers[i], NULL) == 0);
    }
    atomic_store(&done, true);
    CHECK(pthread_join(purger, NULL) == 0);
    CHECK(atomic_load(&refused) == 0);
}

/* The parent holds at most one block; a second one always fits. */
static void check_forks(void) {
    pthread_t filler;
    atomic_store(&done, false);
    CHECK(pthread_create(&filler, NULL, fill_and_purge, NULL) == 0);
    for (size_t i = 0; i < FORKS; i++) {
        const pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            _exit(malloc(BLOCK) != NULL ? 0 : 1);
        }
        int status = 0;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(status == 0);
    }
    atomic_store(&done, true);
    CHECK(pthread_join(filler, NULL) == 0);
}

int main(void) {
    support_begin(100);
    check_threads();
    check_forks();
    return 0;
}

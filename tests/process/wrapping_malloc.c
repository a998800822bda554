/* SPDX-License-Identifier: MIT */
/*
 * A program whose malloc is a wrapper: it counts, and calls the next definition. Whoever that is,
 * the blocks of all functions, wrapped or not, must be good for all others.
 *
 * With WRAP_FAMILY calloc and realloc are wrapped, too; without it only malloc and free.
 */
#include "workout.h"

#include <stdatomic.h>
#include <sys/wait.h>

static atomic_size_t wrapped_calls;

static struct {
    void *(*malloc)(size_t);
    void (*free)(void *);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
} next;

static void find_next(const char *name, void *function) {
    void *const symbol = dlsym(RTLD_NEXT, name);
    CHECK(symbol != NULL);
    memcpy(function, &symbol, sizeof symbol);
}

/* All at once: a later dlsym may free, and end up here again. */
static void count_call(void) {
    if (next.malloc == NULL) {
        find_next("calloc", &next.calloc);
        find_next("realloc", &next.realloc);
        find_next("free", &next.free);
        find_next("malloc", &next.malloc);
    }
    atomic_fetch_add(&wrapped_calls, 1);
}

void *malloc(size_t size) {
    count_call();
    return next.malloc(size);
}

void free(void *block) {
    count_call();
    next.free(block);
}

#ifdef WRAP_FAMILY
void *calloc(size_t count, size_t size) {
    count_call();
    return next.calloc(count, size);
}

void *realloc(void *block, size_t size) {
    count_call();
    return next.realloc(block, size);
}
#endif

__attribute__((constructor(101))) static void wrap(void) {
    count_call();
}

static void check_all_mix(size_t size) {
    void *blocks[8] = {
        malloc(hide_size(size)),
        calloc(1, hide_size(size)),
        realloc(hide(NULL), hide_size(size) + 1),
        reallocarray(hide(NULL), 2, hide_size(size) + 1),
        aligned_alloc(64, hide_size(size)),
        memalign(4096, hide_size(size)),
        valloc(hide_size(size)),
        strdup("text"),
    };
    for (size_t i = 0; i < 8; i++) {
        CHECK(blocks[i] != NULL);
        const size_t usable = malloc_usable_size(blocks[i]);
        CHECK(usable >= (i == 7 ? 5 : size));
        pattern_fill(blocks[i], usable, i);
        blocks[i] = realloc(hide(blocks[i]), usable * 2 + 50);
        CHECK(blocks[i] != NULL && pattern_holds(blocks[i], usable, i));
        CHECK(malloc_usable_size(blocks[i]) >= usable * 2 + 50);
    }
    for (size_t i = 0; i < 8; i++) {
        free(blocks[i]);
    }
    void *aligned = NULL;
    CHECK(posix_memalign(&aligned, 256, size) == 0);
    free(aligned);
}

static void *run_thread(void *argument) {
    struct support_random random = {(size_t)argument};
    for (size_t size = 0; size < 1000000; size = size * 2 + 1) {
        check_all_mix(size);
    }
    workout(&random, 2000, 100000);
    return NULL;
}

int main(void) {
    support_begin(60);
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        start_thread(&threads[i], run_thread, i);
    }
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        watchdog(20);
        (void)run_thread(NULL);
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    for (size_t i = 0; i < 4; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(atomic_load(&wrapped_calls) > 4000);
    return 0;
}

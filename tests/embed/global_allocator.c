/* SPDX-License-Identifier: MIT */
/*
 * A program that brings its own malloc: a static heap of 64 MiB behind a spin lock. The C library
 * uses it as well. (The preload library notices such a program and stands aside.)
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chunkmalloc/locked.h>

/* ---- the allocator ---- */

CHUNK_HEAP_DEFINE(heap, 1 << 20, 64);
static struct chunk_spin spin;
static const struct chunk_locked_heap locked = {&heap, CHUNK_LOCK_SPIN(&spin)};

static void *or_no_memory(void *block) {
    if (block == NULL) {
        errno = ENOMEM;
    }
    return block;
}

void *malloc(size_t size) {
    return or_no_memory(chunk_locked_alloc(&locked, size));
}

void free(void *block) {
    chunk_locked_free(&locked, block);
}

void *calloc(size_t count, size_t size) {
    size_t bytes;
    const bool overflow = __builtin_mul_overflow(count, size, &bytes);
    return or_no_memory(overflow ? NULL : chunk_locked_alloc_zeroed(&locked, bytes));
}

void *realloc(void *block, size_t size) {
    return or_no_memory(chunk_locked_realloc(&locked, block, size));
}

void *aligned_alloc(size_t alignment, size_t size) {
    return or_no_memory(chunk_locked_alloc_aligned(&locked, alignment, size));
}

/* ---- what it is used for ---- */

enum { THREADS = 4, ROUNDS = 20000 };

static _Noreturn void fail(const char *what) {
    (void)fprintf(stderr, "global_allocator: %s\n", what);
    exit(1);
}

static void check(bool condition, const char *what) {
    if (!condition) {
        fail(what);
    }
}

static void *work(void *context) {
    unsigned char *blocks[16] = {NULL};
    unsigned seed = *(const unsigned *)context;
    for (unsigned round = 0; round < ROUNDS; round++) {
        seed = seed * 1664525u + 1013904223u;
        unsigned char **const block = &blocks[seed >> 28];
        const size_t size = 1 + (seed >> 8) % 1000;
        check(*block == NULL || **block == (unsigned char)(block - blocks), "contents changed");
        unsigned char *const resized = realloc(*block, size);
        check(resized != NULL, "no memory");
        *block = resized;
        memset(*block, (int)(block - blocks), size);
    }
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        free(blocks[i]);
    }
    return NULL;
}

static void run_threads(void) {
    pthread_t threads[THREADS];
    unsigned seeds[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        seeds[i] = i;
        check(pthread_create(&threads[i], NULL, work, &seeds[i]) == 0, "no thread");
    }
    for (unsigned i = 0; i < THREADS; i++) {
        check(pthread_join(threads[i], NULL) == 0, "no end of a thread");
    }
}

int main(void) {
    char *const copy = strdup("from the C library");
    check(chunk_heap_contains(&heap, copy), "strdup has memory of its own");
    free(copy);
    unsigned char *const aligned = aligned_alloc(4096, 100);
    check(aligned != NULL && (uintptr_t)aligned % 4096 == 0, "misaligned");
    memset(aligned, 1, 100);
    free(aligned);
    volatile size_t huge = SIZE_MAX / 2;
    check(calloc(huge, 3) == NULL && errno == ENOMEM, "overflow");
    run_threads();
    check(chunk_locked_check(&locked, CHUNK_CHECK_EXHAUSTIVE) == NULL, "broken heap");
    struct chunk_heap_stats stats;
    chunk_locked_get_stats(&locked, &stats);
    check(stats.allocations > THREADS * 16, "the threads used another allocator");
    (void)printf("global_allocator: all is well, at most %zu chunks used\n", stats.peak);
    return 0;
}

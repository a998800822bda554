/* SPDX-License-Identifier: MIT */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

/*
 * What the workloads share: parameters, clock, random numbers, marks in blocks, threads, the result
 * line. The harness takes its own memory from mmap, so that the allocator sees the workload only.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <chunkmalloc/chunkmalloc.h>
#pragma weak chunkmalloc_get_stats

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)
#define PAGE ((size_t)4096)

__attribute__((noreturn, format(printf, 1, 2))) static inline void fail(const char *format, ...) {
    va_list list;
    va_start(list, format);
    vdprintf(STDERR_FILENO, format, list);
    va_end(list);
    _exit(1);
}

/* --- parameters: KEY=VALUE on the command line --- */

struct param {
    const char *key;
    size_t value;
};

static inline void read_params(int argc, char **argv, struct param *params, size_t count) {
    for (int i = 1; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');
        size_t j = 0;
        while (j < count && (!equals || strlen(params[j].key) != (size_t)(equals - argv[i]) ||
                             strncmp(params[j].key, argv[i], (size_t)(equals - argv[i])) != 0))
            j++;
        char *end = NULL;
        if (j < count)
            params[j].value = strtoull(equals + 1, &end, 10);
        if (j == count || end == equals + 1 || *end)
            fail("%s: bad parameter '%s'\n", argv[0], argv[i]);
    }
}

/* --- clock and random numbers --- */

static inline double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct rng {
    uint64_t state;
};

static inline struct rng rng_make(uint64_t seed) {
    return (struct rng){(seed + 1) * 0x9e3779b97f4a7c15u};
}

static inline uint64_t rng_next(struct rng *rng) {
    uint64_t x = rng->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    rng->state = x;
    return x * 0x2545f4914f6cdd1du;
}

static inline size_t rng_below(struct rng *rng, size_t bound) {
    return (size_t)(((rng_next(rng) >> 32) * (uint64_t)bound) >> 32);
}

/* From low to just under high, each doubling equally likely. */
static inline size_t rng_log(struct rng *rng, size_t low, size_t high) {
    unsigned doublings = 0;
    while ((low << (doublings + 1)) <= high)
        doublings++;
    const size_t base = low << rng_below(rng, doublings);
    return base + rng_below(rng, base);
}

/* --- memory of the harness itself, and marks in the blocks under test --- */

static inline void *table(size_t bytes) {
    void *memory = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        fail("the harness itself is out of memory: %zu bytes\n", bytes);
    return memory;
}

static inline uint8_t mark_byte(uint64_t tag) {
    return (uint8_t)(tag * 0x9e3779b97f4a7c15u >> 56);
}

/* Both ends of the block are written, as a program would. */
static inline void mark(void *block, size_t size, uint64_t tag) {
    uint8_t *bytes = block;
    if (size >= 2 * sizeof tag) {
        memcpy(bytes, &tag, sizeof tag);
        memcpy(bytes + size - sizeof tag, &tag, sizeof tag);
    } else if (size > 0) {
        bytes[0] = mark_byte(tag);
        bytes[size - 1] = mark_byte(tag);
    }
}

/* A program uses all that it asked for: one write for each page. */
static inline void mark_pages(void *block, size_t size, uint64_t tag) {
    volatile uint8_t *bytes = block;
    for (size_t i = PAGE; i < size; i += PAGE)
        bytes[i] = (uint8_t)i;
    mark(block, size, tag);
}

static inline void check(const void *block, size_t size, uint64_t tag) {
    const uint8_t *bytes = block;
    bool good = true;
    if (size >= 2 * sizeof tag)
        good = !memcmp(bytes, &tag, sizeof tag) &&
               !memcmp(bytes + size - sizeof tag, &tag, sizeof tag);
    else if (size > 0)
        good = bytes[0] == mark_byte(tag) && bytes[size - 1] == mark_byte(tag);
    if (!good)
        fail("WRONG DATA: block %p of %zu bytes, tag %zu\n", block, size, (size_t)tag);
}

static inline void *need(void *block, size_t size) {
    if (!block)
        fail("OUT OF MEMORY: %zu bytes\n", size);
    return block;
}

static inline void *make(size_t size, uint64_t tag) {
    void *block = need(malloc(size), size);
    mark_pages(block, size, tag);
    return block;
}

static inline void drop(void *block, size_t size, uint64_t tag) {
    check(block, size, tag);
    free(block);
}

/* --- threads --- */

/* Runs task(context i) in count threads; contexts are `stride` bytes apart. */
static inline void run_threads(size_t count, void *(*task)(void *), void *contexts, size_t stride) {
    pthread_t *threads = table(count * sizeof *threads);
    for (size_t i = 0; i < count; i++) {
        if (pthread_create(&threads[i], NULL, task, (char *)contexts + i * stride) != 0)
            fail("cannot create thread %zu\n", i);
    }
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    munmap(threads, count * sizeof *threads);
}

/* --- the result --- */

static inline size_t rss_kib(void) {
    char text[128];
    const int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    const ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (length <= 0)
        fail("cannot read /proc/self/statm\n");
    close(fd);
    text[length] = '\0';
    const char *space = strchr(text, ' ');
    return space ? (size_t)strtoull(space, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE) / KIB : 0;
}

/* How often this library took a lock so far; other allocators do not tell. */
static inline void print_locks(void) {
    struct chunkmalloc_stats stats = {0};
    if (chunkmalloc_get_stats && chunkmalloc_get_stats(&stats, sizeof stats) == sizeof stats)
        dprintf(STDOUT_FILENO, ",\"locks\":%llu", (unsigned long long)stats.locks);
}

static inline void sleep_ms(unsigned ms) {
    const struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

/*
 * After the load is freed: one second of silence, then a little use of the heap (100 pairs of calls
 * in 0.2 s), as an idle server has. Nothing is trimmed. `live` is what the program still holds.
 */
static inline void report_after(const char *name, double seconds, size_t ops, size_t live) {
    sleep_ms(1000);
    const size_t idle = rss_kib();
    for (unsigned i = 0; i < 100; i++) {
        drop(make(100, i), 100, i);
        sleep_ms(2);
    }
    dprintf(STDOUT_FILENO,
            "{\"workload\":\"%s\",\"seconds\":%.6f,\"ops\":%zu,\"live_kib\":%zu,"
            "\"after_kib\":%zu,\"after_use_kib\":%zu",
            name, seconds, ops, live / KIB, idle, rss_kib());
    print_locks();
    dprintf(STDOUT_FILENO, "}\n");
}

static inline void report(const char *name, double seconds, size_t ops) {
    dprintf(STDOUT_FILENO, "{\"workload\":\"%s\",\"seconds\":%.6f,\"ops\":%zu", name, seconds, ops);
    print_locks();
    dprintf(STDOUT_FILENO, "}\n");
}

#endif

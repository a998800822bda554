/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

/*
 * What the test programs of several suites need: checks that work in any thread, patterns that
 * tell blocks apart, random numbers that repeat, and the answer to "whose malloc is this?".
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef TEST_LINKED
#include <chunkmalloc/chunkmalloc.h>
#endif

/* Exit status by which meson knows that a test could not run here. */
#define SUPPORT_SKIP 77

#define SUPPORT_KIB ((size_t)1024)
#define SUPPORT_MIB ((size_t)1024 * 1024)

/* Without stdio: the allocator may be in any state when a check fails. */
static inline void support_write(const char *text) {
    const ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

static inline _Noreturn void support_fail(const char *file, int line, const char *text) {
    char number[12];
    char *digit = number + sizeof number;
    *--digit = '\0';
    do {
        *--digit = (char)('0' + line % 10);
        line /= 10;
    } while (line > 0);
    support_write(file);
    support_write(":");
    support_write(digit);
    support_write(": not so: ");
    support_write(text);
    support_write("\n");
    _exit(1);
}

/* Unlike assert: always on, allocates nothing, ends the process from any thread. */
#define CHECK(condition) ((condition) ? (void)0 : support_fail(__FILE__, __LINE__, #condition))

/* The compiler forgets what it knows of the value: no elided pairs, no warnings of intended misuse.
 */
static inline void *hide(void *pointer) {
    __asm__ volatile("" : "+r"(pointer) : : "memory");
    return pointer;
}

static inline size_t hide_size(size_t size) {
    __asm__ volatile("" : "+r"(size));
    return size;
}

/* ---- random numbers (splitmix64) ---------------------------------------------------------------
 */

struct support_random {
    uint64_t state;
};

static inline uint64_t random_next(struct support_random *random) {
    uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline size_t random_below(struct support_random *random, size_t limit) {
    return (size_t)(random_next(random) % limit);
}

/* Sizes as programs ask for them: every doubling up to the limit is about as likely. */
static inline size_t random_size(struct support_random *random, size_t limit) {
    const size_t top = limit >> random_below(random, 64 - (size_t)__builtin_clzll(limit));
    return random_below(random, top + 1);
}

/* ---- patterns ----------------------------------------------------------------------------------
 */

/* Every word of a pattern depends on the seed and on its place, so that neither another block's
 * contents nor contents moved by some bytes pass for it. */
static inline uint64_t pattern_word(uint64_t seed, size_t index) {
    return (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) + index * UINT64_C(0xd6e8feb86659fd93);
}

/* The builtins are for callers compiled with -fno-builtin, where a word's copy would be a call. */
static inline void pattern_fill(void *block, size_t size, uint64_t seed) {
    unsigned char *const bytes = block;
    size_t done = 0;
    for (; done + 8 <= size; done += 8) {
        const uint64_t word = pattern_word(seed, done / 8);
        __builtin_memcpy(bytes + done, &word, 8);
    }
    const uint64_t last = pattern_word(seed, done / 8);
    memcpy(bytes + done, &last, size - done);
}

/* Holds for every shorter size, too. */
static inline bool pattern_holds(const void *block, size_t size, uint64_t seed) {
    const unsigned char *const bytes = block;
    uint64_t difference = 0;
    size_t done = 0;
    for (; done + 8 <= size; done += 8) {
        uint64_t word;
        __builtin_memcpy(&word, bytes + done, 8);
        difference |= word ^ pattern_word(seed, done / 8);
    }
    const uint64_t last = pattern_word(seed, done / 8);
    return difference == 0 && memcmp(bytes + done, &last, size - done) == 0;
}

static inline bool all_zero(const void *block, size_t size) {
    const unsigned char *const bytes = block;
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

static inline bool is_aligned(const void *block, size_t alignment) {
    return (uintptr_t)block % alignment == 0;
}

/* ---- the process -------------------------------------------------------------------------------
 */

/* Resident bytes of this process; allocates nothing. */
static inline size_t resident_bytes(void) {
    char text[128];
    const int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    const ssize_t length = read(fd, text, sizeof text - 1);
    CHECK(length > 0);
    CHECK(close(fd) == 0);
    text[length] = '\0';
    const char *const second = strchr(text, ' ');
    CHECK(second != NULL);
    return (size_t)strtoul(second + 1, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

static inline void support_hang(int signal_number) {
    (void)signal_number;
    support_write("hang: no end within the time allowed\n");
    _exit(1);
}

/* Ends the process with a message unless it ends by itself in time. Not inherited by children. */
static inline void watchdog(unsigned seconds) {
    CHECK(signal(SIGALRM, support_hang) != SIG_ERR);
    (void)alarm(seconds);
}

/* Is the test to take as long as it needs to try everything? scripts/test --soak asks for that. */
static inline bool support_thorough(void) {
    return getenv("TEST_THOROUGH") != NULL;
}

/* The library's function of that name in the caller's variable for it, or NULL without the library.
 * A program that was linked with an archive is built with TEST_LINKED: its symbols have no names.
 */
#ifdef TEST_LINKED
static inline void find_in_library(const char *name, void *function) {
    static const struct {
        const char *name;
        void (*function)(void);
    } names[] = {
        {"chunkmalloc_version", (void (*)(void))chunkmalloc_version},
        {"chunkmalloc_owns", (void (*)(void))chunkmalloc_owns},
        {"chunkmalloc_get_stats", (void (*)(void))chunkmalloc_get_stats},
        {"chunkmalloc_check", (void (*)(void))chunkmalloc_check},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i].name) == 0) {
            memcpy(function, &names[i].function, sizeof names[i].function);
            return;
        }
    }
    support_fail(__FILE__, __LINE__, name);
}
#else
static inline void find_in_library(const char *name, void *function) {
    void *const symbol = dlsym(RTLD_DEFAULT, name);
    memcpy(function, &symbol, sizeof symbol);
}
#endif

/* The handle's function of that name in the caller's variable for it. */
static inline void find_in(void *handle, const char *name, void *function) {
    void *const symbol = dlsym(handle, name);
    CHECK(symbol != NULL);
    memcpy(function, &symbol, sizeof symbol);
}

/* Is the library part of this process's global scope, that is: was it preloaded or linked? */
static inline bool library_present(void) {
    const char *(*version)(void) = NULL;
    find_in_library("chunkmalloc_version", &version);
    return version != NULL;
}

/* Does the block lie in the library's heap? False for all when the library is not there. */
static inline bool library_owns(const void *block) {
    bool (*owns)(const void *) = NULL;
    find_in_library("chunkmalloc_owns", &owns);
    return owns != NULL && owns(block);
}

/*
 * To be called first in main: fails if the library was to be preloaded or linked and is not the one
 * that serves (the loader only warns), so that no test passes on the C library's allocator by
 * mistake.
 */
static inline void support_begin(unsigned seconds) {
#ifdef TEST_LINKED
    void *const block = hide(malloc(1));
    CHECK(library_owns(block));
    free(block);
#else
    const char *const preloaded = getenv("TEST_PRELOADED");
    const bool expected = preloaded != NULL && strstr(preloaded, "libchunkmalloc") != NULL;
    CHECK(library_present() == expected);
#endif
    watchdog(seconds);
}

#endif

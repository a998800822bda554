/* SPDX-License-Identifier: MIT */
#ifndef MISUSE_MISUSE_H
#define MISUSE_MISUSE_H

/*
 * One program per error. Each commits it once, with the sizes that it is given, and returns if
 * nothing stops it. Before the error it announces the pointer, so that the judge can look for it in
 * the message. What the error is stands in the comment "misuse:", and how it must end in "judge:",
 * for judge.py.
 */

#include "../support.h"

#include <malloc.h>
#include <pthread.h>

/* The status of a program whose error has had no effect. */
enum { MISUSE_HARMLESS = 3 };

static char **misuse_arguments;
static int misuse_argument_count;

static inline void misuse_begin(int argc, char **argv) {
    support_begin(20);
    misuse_arguments = argv;
    misuse_argument_count = argc;
}

/* The argument that the program was given in this place, from 1. */
static inline const char *word(int place) {
    CHECK(place < misuse_argument_count);
    return misuse_arguments[place];
}

static inline size_t number(int place) {
    return hide_size(strtoul(word(place), NULL, 0));
}

/* A block, never NULL. */
static inline void *get(size_t size) {
    void *const block = malloc(hide_size(size));
    CHECK(block != NULL);
    memset(block, 0x41, size);
    return block;
}

/* Writes the pointer, so many bytes further on, to standard output; returns it with its history
 * forgotten. */
static inline void *announce_at(void *pointer, size_t offset) {
    const uintptr_t address = (uintptr_t)pointer + offset;
    char text[40];
    const int length = snprintf(text, sizeof text, "0x%lx\n", (unsigned long)address);
    CHECK(write(STDOUT_FILENO, text, (size_t)length) == length);
    return hide((void *)address);
}

static inline void *announce(void *pointer) {
    return announce_at(pointer, 0);
}

/* ---- memory that is not the program's ---- */

/* Writes that many bytes from so far in the block on: not zeros, as what is free may be. */
static inline void fill_behind(unsigned char *block, size_t offset, size_t count) {
    memset(hide(block + offset), 0x55, hide_size(count));
}

static inline void read_byte(const unsigned char *byte) {
    (void)*(const volatile unsigned char *)byte;
}

/* Is there what pattern_fill has written, with that seed, in any word of the block? */
static inline bool holds_some_of(const void *block, size_t size, uint64_t seed) {
    for (size_t i = 0; i < size / 8; i++) {
        uint64_t found;
        memcpy(&found, (const unsigned char *)block + 8 * i, 8);
        if (found == pattern_word(seed, i)) {
            return true;
        }
    }
    return false;
}

/* ---- reuse ---- */

enum { MISUSE_TURNS = 20000, MISUSE_RING = 64 };

/* Takes blocks of the size, not written to, until one is at the address. */
static inline void *get_again_unwritten(const void *block, size_t size) {
    void *ring[MISUSE_RING] = {NULL};
    for (size_t i = 0; i < MISUSE_TURNS; i++) {
        void **const place = &ring[i % MISUSE_RING];
        free(*place);
        *place = malloc(hide_size(size));
        CHECK(*place != NULL);
        if (*place == block) {
            return *place;
        }
    }
    support_fail(__FILE__, __LINE__, "the block is not used again");
}

static inline void *get_again(const void *block, size_t size) {
    return memset(get_again_unwritten(block, size), 0x42, size);
}

/* Frees and takes blocks of the size so often that what was free before is used again. */
static inline void reuse_all(size_t size) {
    void *ring[MISUSE_RING] = {NULL};
    for (size_t i = 0; i < (size <= 32768 ? MISUSE_TURNS : MISUSE_TURNS / 10); i++) {
        void **const place = &ring[i % MISUSE_RING];
        free(*place);
        *place = malloc(hide_size(size));
        CHECK(*place != NULL);
        **(unsigned char **)place = 0x41;
    }
    for (size_t i = 0; i < MISUSE_RING; i++) {
        free(ring[i]);
    }
}

/* ---- neighbours ---- */

struct neighbours {
    unsigned char *low;
    unsigned char *high;
};

/* Two blocks of a small size that lie side by side, all of whose neighbours are in use. */
static inline struct neighbours find_neighbours(size_t size) {
    enum { COUNT = 4000 };
    static unsigned char *blocks[COUNT];
    const size_t slot = (size + 15) / 16 * 16;
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = get(size);
    }
    for (size_t i = COUNT / 2; i < COUNT; i++) {
        for (size_t j = 0; j < COUNT; j++) {
            if (blocks[j] == blocks[i] + slot) {
                return (struct neighbours){blocks[i], blocks[j]};
            }
        }
    }
    support_fail(__FILE__, __LINE__, "no two blocks are neighbours");
}

/* ---- freeing in other ways ---- */

static inline void *misuse_free(void *block) {
    free(block);
    return NULL;
}

static inline void free_in_thread(void *block) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, misuse_free, block) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

/* C23's sized free, which the C library's headers may not declare yet. */
static inline void misuse_find(const char *name, void *function) {
    void *const symbol = dlsym(RTLD_DEFAULT, name);
    CHECK(symbol != NULL);
    memcpy(function, &symbol, sizeof symbol);
}

static inline void sized_free(void *block, size_t size) {
    void (*call)(void *, size_t);
    misuse_find("free_sized", &call);
    call(block, size);
}

static inline void sized_aligned_free(void *block, size_t alignment, size_t size) {
    void (*call)(void *, size_t, size_t);
    misuse_find("free_aligned_sized", &call);
    call(block, alignment, size);
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef MISUSE_MISUSE_H
#define MISUSE_MISUSE_H

/*
 * One program per error. Each commits it once, with the sizes that it is given, and returns if
 * nothing stops it. Before the error it announces the pointer, so that the judge can look for it in
 * the message. How it must end stands in the comment "judge:", for judge.py.
 */

#include "../support.h"

#include <malloc.h>
#include <pthread.h>

static char **misuse_arguments;
static int misuse_argument_count;

static inline void misuse_begin(int argc, char **argv) {
    support_begin(20);
    misuse_arguments = argv;
    misuse_argument_count = argc;
}

/* The number that the program was given in this place, from 1. */
static inline size_t number(int place) {
    CHECK(place < misuse_argument_count);
    return hide_size(strtoul(misuse_arguments[place], NULL, 0));
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

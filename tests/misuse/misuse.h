/* SPDX-License-Identifier: MIT */
#ifndef MISUSE_MISUSE_H
#define MISUSE_MISUSE_H

/*
 * Each case commits one error and returns if nothing stops it. Before the error it announces the
 * pointer, so that the judge can look for it in the message.
 */

#include "../support.h"

#include <malloc.h>

struct misuse_case {
    const char *name;
    void (*commit)(void);
};

/* The cases of each file, ended by one without a name. */
extern const struct misuse_case double_free_cases[];
extern const struct misuse_case wrong_place_cases[];
extern const struct misuse_case stale_cases[];
extern const struct misuse_case sized_cases[];
extern const struct misuse_case foreign_cases[];

/* Writes the pointer to standard output, and returns it with its history forgotten. */
void *announce(void *pointer);

/* As announce, so many bytes further on. */
void *announce_at(void *pointer, size_t offset);

/* A block, never NULL. */
void *get(size_t size);

#endif

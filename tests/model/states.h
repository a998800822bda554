/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MODEL_STATES_H
#define TESTS_MODEL_STATES_H

/* A set of states, known by their hashes, with how deep the search went on from each. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct states {
    uint64_t *slots; /* hash with the depth in the lowest bits; 0: empty */
    size_t capacity; /* a power of two */
    size_t count;
};

void states_create(struct states *states);
void states_destroy(struct states *states);

/* Should the search go on from here, with depth (1 to 7) operations left? Notes that it does. */
bool states_enter(struct states *states, uint64_t hash, unsigned depth);

/* Mixes the bytes into the value. */
uint64_t states_mix(const void *bytes, size_t size, uint64_t value);

#endif

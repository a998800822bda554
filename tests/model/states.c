/* SPDX-License-Identifier: MIT */
#include "states.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_BITS = 7 };

static uint64_t *slots_create(size_t capacity) {
    uint64_t *const slots = calloc(capacity, sizeof *slots);
    if (slots == NULL) {
        abort();
    }
    return slots;
}

void states_create(struct states *states) {
    *states = (struct states){.capacity = 1024};
    states->slots = slots_create(states->capacity);
}

void states_destroy(struct states *states) {
    free(states->slots);
}

static uint64_t *find(const struct states *states, uint64_t key) {
    size_t at = (size_t)(key >> 20) & (states->capacity - 1);
    while (states->slots[at] != 0 && (states->slots[at] | DEPTH_BITS) != (key | DEPTH_BITS)) {
        at = (at + 1) & (states->capacity - 1);
    }
    return &states->slots[at];
}

static void grow(struct states *states) {
    const struct states old = *states;
    states->capacity *= 2;
    states->slots = slots_create(states->capacity);
    for (size_t i = 0; i < old.capacity; i++) {
        if (old.slots[i] != 0) {
            *find(states, old.slots[i]) = old.slots[i];
        }
    }
    free(old.slots);
}

bool states_enter(struct states *states, uint64_t hash, unsigned depth) {
    const uint64_t key = hash & ~(uint64_t)DEPTH_BITS;
    uint64_t *const slot = find(states, key);
    if ((*slot & DEPTH_BITS) >= depth) {
        return false;
    }
    states->count += *slot == 0;
    *slot = key | depth;
    if (states->count * 2 > states->capacity) {
        grow(states);
    }
    return true;
}

uint64_t states_mix(const void *bytes, size_t size, uint64_t value) {
    for (size_t at = 0; at < size; at += sizeof value) {
        uint64_t word = 0;
        const size_t left = size - at;
        memcpy(&word, (const unsigned char *)bytes + at, left < sizeof word ? left : sizeof word);
        value = (value ^ word) * UINT64_C(0xbf58476d1ce4e5b9);
        value ^= value >> 29;
    }
    return value * UINT64_C(0x94d049bb133111eb);
}

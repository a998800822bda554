/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MODEL_TAPE_H
#define TESTS_MODEL_TAPE_H

/* Where a test takes its decisions from: a generator started by a seed, or the bytes of a file. */

#include "../support.h"

struct tape {
    const uint8_t *data; /* NULL: decisions come from the generator and never end */
    size_t left;
    struct support_random random;
};

static inline struct tape tape_from_seed(uint64_t seed) {
    return (struct tape){.random = {.state = seed}};
}

static inline struct tape tape_from_bytes(const uint8_t *data, size_t size) {
    return (struct tape){.data = data, .left = size};
}

static inline bool tape_ended(const struct tape *tape) {
    return tape->data != NULL && tape->left == 0;
}

/* A number below bound, which is at least 1. A file gives as few bytes as the bound needs, so that
 * a change of one byte changes few decisions; an ended one gives zeros. */
static inline uint32_t tape_draw(struct tape *tape, uint32_t bound) {
    if (tape->data == NULL) {
        return (uint32_t)((random_next(&tape->random) >> 32) * bound >> 32);
    }
    uint64_t value = 0;
    for (uint64_t reach = 1; reach < bound && tape->left > 0; reach <<= 8) {
        value = value << 8 | *tape->data++;
        tape->left--;
    }
    return (uint32_t)(value % bound);
}

static inline bool tape_chance(struct tape *tape, uint32_t one_in) {
    return tape_draw(tape, one_in) == 0;
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MODEL_WITNESS_H
#define TESTS_MODEL_WITNESS_H

/* A misuse hook that remembers, and returns. */

#include <chunkmalloc/heap.h>

/* What the hook was told since this was last cleared. */
struct witness {
    unsigned count;
    enum chunk_misuse kind;
    const void *pointer;
};

extern struct witness witness;

void witness_hook(enum chunk_misuse kind, const void *pointer);

static inline void witness_clear(void) {
    witness = (struct witness){0};
}

#endif

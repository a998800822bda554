/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_FIXTURE_H
#define TESTS_UNIT_FIXTURE_H

/* A heap for one test, between inaccessible pages, and cmocka. */

#include "../support.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../model/area.h"
#include "../model/witness.h"

struct fixture {
    struct chunk_heap heap;
    struct area memory;
    struct area beside;
};

/* Flags are those of chunk_heap_init. A heap that grows starts with no chunk. */
void fixture_create(struct fixture *fixture, uint32_t chunks, uint32_t chunk_size, unsigned flags);

/* The tests of a program run twice: with nodes inside, then outside. fixture_flags says which. */
extern unsigned fixture_flags;
int fixture_inside(void **state);
int fixture_outside(void **state);

/* Fails unless the heap is sound and every misuse was expected. */
void fixture_end(struct fixture *fixture);

/* Fails unless exactly this misuse was reported since the last call. */
void fixture_expect_misuse(enum chunk_misuse kind, const void *pointer);

/* The heap's stats, for one look at a value. */
struct chunk_heap_stats fixture_stats(const struct fixture *fixture);

/* A block of that many chunks, which must be granted; filled with a pattern of that seed. */
unsigned char *fixture_block(const struct fixture *fixture, size_t chunks, uint64_t seed);
void fixture_assert_pattern(const struct fixture *fixture, const void *block, size_t chunks,
                            uint64_t seed);

static inline unsigned char *fixture_chunk(const struct fixture *fixture, size_t chunk) {
    return fixture->memory.bytes + (chunk << fixture->heap.chunk_shift);
}

/* The signal that ends action when it is called in a child process; 0 if it returns. */
int fixture_signal_of(void (*action)(void *context), void *context);

#endif

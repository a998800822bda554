/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MODEL_REFERENCE_H
#define TESTS_MODEL_REFERENCE_H

/*
 * What a chunk heap ought to be, told in the plainest way: an array that says of each chunk which
 * block owns it. Everything that heap.h promises is derived from it by looking at every chunk.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REFERENCE_NONE UINT32_MAX

struct reference_block {
    uint32_t start;
    uint32_t chunks;
    uint32_t pattern; /* what the test wrote into it */
    uint32_t place;   /* in the array of live blocks */
};

struct reference {
    uint64_t base;      /* address of the first chunk, in chunks */
    uint32_t chunks;    /* in all */
    uint32_t available; /* the first of them, in heaps that grow */
    uint32_t touched;   /* end of the highest block that ever was */
    uint32_t used;
    uint32_t peak;
    uint32_t live;
    uint32_t spares;
    uint32_t *owner; /* per chunk: number of the block + 1, or 0 */
    uint32_t *alive; /* numbers of the live blocks, in no order */
    uint32_t *spare; /* numbers of no block, a stack */
    struct reference_block *blocks;
};

void reference_create(struct reference *reference, uint64_t base, uint32_t chunks,
                      uint32_t available);
void reference_destroy(struct reference *reference);
/* Makes target, created for as many chunks, equal to source. */
void reference_copy(struct reference *target, const struct reference *source);

/* Are chunks [start, start + count) available and free? */
bool reference_is_free(const struct reference *reference, uint32_t start, uint32_t count);

/* Blocks are known by number. The range must be free. */
uint32_t reference_add(struct reference *reference, uint32_t start, uint32_t count);
void reference_remove(struct reference *reference, uint32_t block);
/* The chunks that a growing block needs must be free. */
void reference_resize(struct reference *reference, uint32_t block, uint32_t count);

/* Number of the block that begins at the chunk, or REFERENCE_NONE. */
uint32_t reference_block_at(const struct reference *reference, uint32_t chunk);

/* Free chunks from chunk on, upwards or (not counting chunk itself) downwards; at most limit. */
uint32_t reference_free_from(const struct reference *reference, uint32_t chunk, uint32_t limit);
uint32_t reference_free_below(const struct reference *reference, uint32_t chunk, uint32_t limit);

/* End of the last live block, or 0. */
uint32_t reference_frontier(const struct reference *reference);

/* Free runs below the frontier, and the length of the longest of all. */
uint32_t reference_free_runs(const struct reference *reference, uint32_t *longest);

/* Does heap.h promise that an allocation of count chunks succeeds now? alignment in chunks. */
bool reference_must_find(const struct reference *reference, uint64_t count, uint64_t alignment);

#endif

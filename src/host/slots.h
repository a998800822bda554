/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_SLOTS_H
#define CHUNKMALLOC_HOST_SLOTS_H

/*
 * The slots of a slab: a run of CM_SLAB_SIZE, aligned so, cut into slots of one class. A slot's bit
 * in the row says whether it is out: in the hands of the program, in a magazine, or in a depot.
 * Slots come into being by the chunk: those that start in a chunk are carved all at once, that is,
 * they get the mark of free blocks, and the chunk its kind. So a slot that is not out bears the
 * mark, or the kind map does not know its chunk. Memory in which nothing was carved is untouched
 * since the slab was made. All of this needs the lock of the slab's class, but cm_slots_misuse.
 */

#include "region.h"

/* The row of a slab, beside the heap. All zero while there is no slab. */
struct cm_slab {
    struct cm_slab *next; /* in the class's list of slabs with free slots */
    struct cm_slab *previous;
    unsigned char *memory;
    uint16_t ready;   /* a bit a chunk: the slots that start in it are carved */
    uint16_t carved;  /* slots that start in those */
    uint16_t out;     /* slots that are out */
    uint16_t reached; /* slots from this one on were never out */
    uint16_t hollow;  /* a bit a chunk: given back since a slot in it was last out */
    uint16_t bare;    /* a bit a chunk: not resident when the slab was made, nor asked for since */
    uint8_t size_class;
    bool held;   /* its memory is being given back: nothing is to be taken from it */
    uint8_t low; /* all slots of the words of bits below this one are out */
    uint64_t bits[64];
};

/* The row of the slab in which the address, which is in the region, lies. */
static inline struct cm_slab *cm_slab_row(const struct cm_region *region, const void *address) {
    const uintptr_t first = (uintptr_t)region->heap.memory >> CM_SLAB_SHIFT;
    return &region->slabs[((uintptr_t)address >> CM_SLAB_SHIFT) - first];
}

/* Takes up to count slots of the slab, which has at least one that is free; if alone, those first
 * that share no cache line with others. Returns how many. */
unsigned cm_slots_take(struct cm_slab *slab, void **blocks, unsigned count, bool alone);

/* Gives back as many of the first blocks as lie in the slab, until one is not out; returns how
 * many. */
unsigned cm_slots_give(struct cm_slab *slab, unsigned size_class, void *const *blocks,
                       unsigned count);

/* Is the slot at this block, at which a slot of the class starts, out? */
bool cm_slots_is_out(unsigned size_class, const void *block);

/* What is wrong with an address in the slab at which no block is. */
enum chunk_misuse cm_slots_misuse(const struct cm_slab *slab, const void *address);

/* The chunks in which carved slots lie, but none that is out. */
uint32_t cm_slots_empty_chunks(const struct cm_slab *slab);

/* No slot that starts in these chunks, in which none is out, can be taken until they are carved
 * anew. */
void cm_slots_withdraw(struct cm_slab *slab, uint32_t chunks);

/* A broken invariant of a slab that is to be of the class, or NULL. */
const char *cm_slots_check(const struct cm_slab *slab, unsigned size_class);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_SLAB_H
#define CHUNKMALLOC_HOST_SLAB_H

/*
 * Slabs: runs of CM_SLAB_SIZE, aligned so, cut into slots of one class. A slot's bit in the row
 * says whether it is out: in the hands of the program, in a magazine, or in a depot. Slots come
 * into being by the chunk: those that start in a chunk are carved all at once, that is, they get
 * the mark of free blocks, and the chunk its kind. So a slot that is not out bears the mark, or the
 * kind map does not know its chunk. Memory in which nothing was carved is untouched since the slab
 * was made. Everything about the slabs of a class is guarded by the class's lock.
 */

#include "lock.h"
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
    uint8_t size_class;
    bool held;   /* its memory is being given back: nothing is to be taken from it */
    uint8_t low; /* all slots of the words of bits below this one are out */
    uint64_t bits[64];
};

struct cm_slab_list {
    struct cm_slab *first; /* slabs with free slots */
    uint32_t slabs;        /* all of the class */
    uint32_t idle;         /* of them, with no slot out */
    uint64_t out;          /* slots out, over all slabs of the class */
};

/* The row of the slab in which the address, which is in the region, lies. */
static inline struct cm_slab *cm_slab_row(const struct cm_region *region, const void *address) {
    const uintptr_t first = (uintptr_t)region->heap.memory >> CM_SLAB_SHIFT;
    return &region->slabs[((uintptr_t)address >> CM_SLAB_SHIFT) - first];
}

/* Takes up to count free slots, in order of address within each slab; if alone, those first that
 * share no cache line with others. Returns how many: fewer than count only if there is no more
 * memory. The lock is the class's; it is held when this is called and when it returns, but not
 * while a slab is made. */
unsigned cm_slab_take(struct cm_slab_list *list, unsigned size_class, void **blocks, unsigned count,
                      bool alone, struct cm_lock *lock);

/* Gives slots back, whose blocks bear the mark. Stops at the first block whose slot is not out,
 * which was freed twice, and returns its address; NULL if all is well. Needs the class's lock. */
void *cm_slab_give(struct cm_slab_list *list, unsigned size_class, void *const *blocks,
                   unsigned count);

/* Is the slot at this block, at which a slot of the class starts, out? Needs the class's lock. */
bool cm_slab_is_out(unsigned size_class, const void *block);

/* What is wrong with an address in the region at which no block is, as far as can be told. Takes
 * the heap's lock. */
enum chunk_misuse cm_slab_misuse(const struct cm_region *region, const void *address);

/* Gives slabs with no slot out back to the heap. Needs the class's lock. */
void cm_slab_release_idle(struct cm_slab_list *list);

/* Gives the memory of the slab back where no slot is out. The lock is the class's; it is held when
 * this is called and when it returns, but not while the system works. Returns the bytes. */
size_t cm_slab_hollow(struct cm_slab_list *list, struct cm_slab *slab, struct cm_lock *lock);

/* A broken invariant of the slabs of a class, or NULL. Needs the class's lock. */
const char *cm_slab_check(const struct cm_slab_list *list, unsigned size_class);

/* The core's misuse hook: stops the program. */
void cm_heap_is_corrupt(enum chunk_misuse kind, const void *pointer);

#endif

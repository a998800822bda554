/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_SLAB_H
#define CHUNKMALLOC_HOST_SLAB_H

/*
 * The slabs of a class, those with free slots in a list. Everything about them is guarded by the
 * class's lock.
 */

#include "lock.h"
#include "slots.h"

struct cm_slab_list {
    struct cm_slab *first; /* slabs with free slots */
    uint32_t slabs;        /* all of the class */
    uint32_t idle;         /* of them, with no slot out */
    uint64_t out;          /* slots out, over all slabs of the class */
};

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

/* What is wrong with an address in the region at which no block is, as far as can be told. Takes
 * the heap's lock. */
enum chunk_misuse cm_slab_misuse(const struct cm_region *region, const void *address);

/* Gives slabs with no slot out back to the heap. Needs the class's lock. */
void cm_slab_release_idle(struct cm_slab_list *list);

/* Gives back what is kept for the next slab of the hardened mode. Takes the heap's lock. */
void cm_slab_release_kept(void);

/* Gives the memory of the slab back where no slot is out. The lock is the class's; it is held when
 * this is called and when it returns, but not while the system works. Returns the bytes. */
size_t cm_slab_hollow(struct cm_slab_list *list, struct cm_slab *slab, struct cm_lock *lock);

/* A broken invariant of the slabs of a class, or NULL. Needs the class's lock. */
const char *cm_slab_check(const struct cm_slab_list *list, unsigned size_class);

/* The core's misuse hook: stops the program. */
void cm_heap_is_corrupt(enum chunk_misuse kind, const void *pointer);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_DEPOT_H
#define CHUNKMALLOC_HOST_DEPOT_H

/*
 * Magazines and, per class, the depot in which threads exchange them: full ones for empty ones, in
 * constant time. Only the depot talks to the slabs. (Bonwick, Adams: "Magazines and vmem", USENIX
 * 2001.)
 */

#include "slab.h"

/*
 * 512 bytes, aligned so. A class whose magazine holds n blocks uses the last n slots, so that
 * "full" is the same test for all classes: the position after the top is a multiple of 512. Below
 * them a NULL marks "empty". While a magazine is loaded, link is the thread's spare magazine of the
 * class, plus 1 if that is full; in a depot it is the next one.
 */
enum { CM_MAGAZINE_SIZE = 512, CM_MAGAZINE_SLOTS = 63 };

struct cm_magazine {
    uintptr_t link;
    void *slots[CM_MAGAZINE_SLOTS];
};

/* Everything of one class that threads share. */
struct cm_depot {
    struct cm_lock lock; /* to be had by cm_depot_lock only */
    struct cm_slab_list slabs;
    struct cm_magazine *full;
    struct cm_magazine *empty;
    uint32_t full_count;
    uint32_t limit;   /* full magazines that it keeps; grows when they turn out to be missed */
    uint32_t drained; /* those that went back to the slabs, and were not missed since */
    uint32_t empty_count;
} __attribute__((aligned(64)));

CM_HIDDEN extern struct cm_depot cm_depots[CM_SLAB_CLASSES + 1];

/* The lock of a class. A hardened class shares that of the ordinary one of its size: a process
 * uses one of them, and a fork has half as many to take. */
static inline struct cm_lock *cm_depot_lock(unsigned size_class) {
    return &cm_depots[cm_is_hard(size_class) ? size_class - CM_HARD : size_class].lock;
}

/* Where the first block of the class lies in a magazine. */
static inline void **cm_magazine_bottom(struct cm_magazine *magazine, unsigned size_class) {
    return &magazine->slots[CM_MAGAZINE_SLOTS - cm_classes[size_class].magazine];
}

/* Position after the last slot: the top of a full magazine. */
static inline void **cm_magazine_end(struct cm_magazine *magazine) {
    return &magazine->slots[CM_MAGAZINE_SLOTS];
}

/* An empty magazine for the class, or NULL. Takes the class's lock. */
struct cm_magazine *cm_depot_empty(unsigned size_class);

/* Fills an empty magazine, as far as there is memory, with slots as cm_slab_take does; returns the
 * position after its top. Takes the class's lock, and may instead exchange the magazine for a full
 * one of the depot. */
void **cm_depot_load(unsigned size_class, struct cm_magazine **magazine, bool alone);

/* Takes a full magazine and returns an empty one. Takes the class's lock. */
struct cm_magazine *cm_depot_store(unsigned size_class, struct cm_magazine *full);

/* Gives the blocks up to the position back to the slabs and keeps the magazine for others. Takes
 * the class's lock. */
void cm_depot_retire(unsigned size_class, struct cm_magazine *magazine, void **top);

/* One block without a magazine: for threads that have, or can have, none. Takes the class's lock.
 */
void *cm_depot_take_one(unsigned size_class);
void cm_depot_give_one(unsigned size_class, void *block);

/* As many as a magazine of the class holds, or fewer, as far as there is memory; returns how many.
 * Takes the class's lock, as do the next two. */
unsigned cm_depot_get(unsigned size_class, void **blocks);

/* Takes as many as a magazine holds. */
void cm_depot_put(unsigned size_class, void *const *blocks);

/* Gives blocks back to the slabs. */
void cm_depot_give(unsigned size_class, void *const *blocks, unsigned count);

/* Gives memory of the slab back where no block of it is out; nothing if it is no longer of the
 * class. Returns the bytes. Takes the class's lock. */
size_t cm_depot_hollow(unsigned size_class, struct cm_slab *slab);

/* Gives all that the depot holds back to the slabs, and idle slabs to the heap. Takes the lock. */
void cm_depot_drain(unsigned size_class);

/* Is the block free as far as the depot and the slabs know: false if it is in the hands of the
 * program or in a thread's magazine. Takes the class's lock. */
bool cm_depot_has(unsigned size_class, const void *block);

/* Guards the supply of magazines. */
CM_HIDDEN extern struct cm_lock cm_depot_pool_lock;

/* Bytes of runs that hold magazines. Guarded by that lock. */
CM_HIDDEN extern size_t cm_depot_internal;

#endif

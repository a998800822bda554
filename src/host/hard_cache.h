/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_HARD_CACHE_H
#define CHUNKMALLOC_HOST_HARD_CACHE_H

/*
 * What a thread has in the hardened mode: of each class a pool of free slots, which is quarantine
 * and supply in one. Freed blocks go into it, and a random one of it is handed out, chosen when the
 * one before was: so it can come into the cache meanwhile, and a block that was just freed is never
 * the next. A pool with few slots gets more from the depot, and a full one gives those that have
 * been there for longest.
 */

#include "hard_record.h"
#include "thread.h"

/* Without a next one there are no others, nor is there room: so whether a pool can give or take a
 * slot is one comparison. */
struct cm_hard_pool {
    void *next;       /* to be handed out; NULL: none */
    uint32_t *record; /* its record */
    void **slots;     /* the others */
    uint16_t count;   /* of the others */
    uint16_t least;   /* no more than these: more are to come first */
    uint16_t most;    /* full */
    uint16_t size;    /* bytes of a slot */
};

enum { CM_HARD_THREAD_SIZE = 1 << 14 };

struct cm_hard_thread {
    struct cm_hard_thread *spare; /* in the list of those that no thread has */
    uint64_t random;
    uint32_t until_sampled;
    struct cm_hard_pool pools[CM_CLASSES + 1];
    void *slots[];
};

/* Below the limit, which is not 0. Random as an attacker sees it who does not see the addresses of
 * many blocks: this is no cipher. Any thread's. */
uint32_t cm_hard_random(uint32_t limit);

/* The same, this thread's own. (The upper half of a multiplicative congruential generator, whose
 * state is odd; Knuth: "The art of computer programming", volume 2, and the multiplier he names.)
 */
static inline uint32_t cm_hard_random_of(struct cm_hard_thread *self, uint32_t limit) {
    self->random *= UINT64_C(6364136223846793005);
    return (uint32_t)((self->random >> 32) * limit >> 32);
}

/* What this thread has, which it gets if it may and has none; NULL if it has to do without. */
struct cm_hard_thread *cm_hard_self(void);

/* A random slot of the pool, to which others come before, or NULL if there is no memory; and puts
 * one into the pool, of which others go before. Both take locks. */
void *cm_hard_take_slowly(struct cm_hard_thread *self, unsigned size_class);
void cm_hard_give_slowly(struct cm_hard_thread *self, unsigned size_class, void *slot);

/* Where the record of a slot is; stops the program if no slot of the class starts there. */
uint32_t *cm_hard_find_record(unsigned size_class, const void *slot);

/* A random one of the others becomes the next; there must be one. False if its record is not where
 * nearly all are, and still to be found. */
CM_INLINE bool cm_hard_choose(struct cm_hard_thread *self, struct cm_hard_pool *pool,
                              size_t size_class) {
    const uint32_t chosen = cm_hard_random_of(self, pool->count);
    void *const slot = pool->slots[chosen];
    pool->slots[chosen] = pool->slots[--pool->count];
    __builtin_prefetch(slot, 1);
    pool->next = slot;
    const uint64_t number = cm_slot_at(size_class, cm_offset_in_slab(slot));
    if (cm_unlikely((uintptr_t)slot - (uintptr_t)cm_section_heap >= CM_SECTION_SIZE) ||
        cm_unlikely(!cm_slot_starts(size_class, number))) {
        return false;
    }
    pool->record = cm_record_of_slot(&cm_section_use, slot, (unsigned)(number >> 32));
    __builtin_prefetch(pool->record, 1);
    return true;
}

/* The turn of the next one of the sample that is put between guards. */
void cm_hard_draw_sample(struct cm_hard_thread *self);

/* Gives all that this thread has back to the slabs. */
void cm_hard_flush(void);

/* Bytes of the blocks that a thread has, which may be at work; 0 for NULL. */
size_t cm_hard_cached(const struct cm_hard_thread *thread);

/* Before anything else here. */
void cm_hard_seed(void);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_HARD_CACHE_H
#define CHUNKMALLOC_HOST_HARD_CACHE_H

/*
 * What a thread has in the hardened mode: of each class a magazine of slots to hand out, from which
 * a random one is taken, and one of blocks in quarantine, of which a random one makes room for the
 * next. Magazines are exchanged with the depots as others are.
 */

#include "thread.h"

struct cm_hard_thread {
    uint64_t random;
    uint32_t until_sampled;
    uint8_t ready[CM_CLASSES + 1]; /* blocks in the magazine, */
    uint8_t held[CM_CLASSES + 1];  /* and in that of the quarantine, to which it is linked */
    struct cm_magazine *magazines[CM_CLASSES + 1]; /* NULL: neither */
};

_Static_assert(sizeof(struct cm_hard_thread) <= CM_MAGAZINE_SIZE, "it takes the place of one");

/* Below the limit, which is not 0. Random as an attacker sees it who does not see the addresses of
 * many blocks: this is no cipher. Any thread's. */
uint32_t cm_hard_random(uint32_t limit);

/* The same, this thread's own. (Marsaglia: "Xorshift RNGs", 2003.) */
static inline uint32_t cm_hard_random_of(struct cm_hard_thread *self, uint32_t limit) {
    uint64_t x = self->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    self->random = x;
    return (uint32_t)((x >> 32) * limit >> 32);
}

/* Where the fast parts below do not serve; self may be NULL. Take locks. */
void *cm_hard_take_slowly(struct cm_hard_thread *self, unsigned size_class);
void cm_hard_give_slowly(struct cm_hard_thread *self, unsigned size_class, void *block);

/* A free slot of the class, a plain one, or NULL if there is no memory. */
static inline void *cm_hard_take(unsigned size_class) {
    struct cm_hard_thread *const self = cm_thread_self.hard;
    if (cm_unlikely(self == NULL) || cm_unlikely(self->ready[size_class] == 0)) {
        return cm_hard_take_slowly(self, size_class);
    }
    void **const slots = cm_magazine_bottom(self->magazines[size_class], size_class);
    const unsigned last = --self->ready[size_class];
    const uint32_t taken = cm_hard_random_of(self, last + 1);
    void *const block = slots[taken];
    slots[taken] = slots[last];
    return block;
}

static inline struct cm_magazine *cm_hard_quarantine(const struct cm_magazine *magazine) {
    return (struct cm_magazine *)magazine->link;
}

/* Puts a block, which is zero, into quarantine; returns true if no lock had to be taken. */
static inline bool cm_hard_give(unsigned size_class, void *block) {
    struct cm_hard_thread *const self = cm_thread_self.hard;
    const unsigned room = cm_classes[size_class].magazine;
    if (cm_unlikely(self == NULL) || cm_unlikely(self->held[size_class] < room) ||
        cm_unlikely(self->ready[size_class] == room)) {
        cm_hard_give_slowly(self, size_class, block);
        return false;
    }
    struct cm_magazine *const magazine = self->magazines[size_class];
    void **const held = &cm_magazine_bottom(cm_hard_quarantine(magazine),
                                            size_class)[cm_hard_random_of(self, room)];
    cm_magazine_bottom(magazine, size_class)[self->ready[size_class]++] = *held;
    *held = block;
    return true;
}

/* The turn of the next one of the sample that is put between guards. */
void cm_hard_draw_sample(struct cm_hard_thread *self);

/* Is it a block's turn? */
static inline bool cm_hard_is_sampled(void) {
    struct cm_hard_thread *const self = cm_thread_self.hard;
    if (cm_unlikely(self == NULL) || !cm_unlikely(--self->until_sampled == 0)) {
        return false;
    }
    cm_hard_draw_sample(self);
    return true;
}

/* Gives all that this thread has back to the slabs. */
void cm_hard_flush(void);

/* Bytes of the blocks that a thread has, which may be at work; 0 for NULL. */
size_t cm_hard_cached(const struct cm_hard_thread *thread);

/* Before anything else here. */
void cm_hard_seed(void);

#endif

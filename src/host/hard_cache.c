/* SPDX-License-Identifier: MIT */
#include "hard_cache.h"

#include "hard_record.h"
#include "sys.h"
#include "thread.h"

enum { SAMPLED_ONE_OF = 2048 };

struct cm_hard_thread {
    uint64_t random;
    uint32_t until_sampled;
    uint8_t ready[CM_CLASSES + 1]; /* blocks in the magazine, */
    uint8_t held[CM_CLASSES + 1];  /* and in that of the quarantine, to which it is linked */
    struct cm_magazine *magazines[CM_CLASSES + 1];
};

_Static_assert(sizeof(struct cm_hard_thread) <= CM_MAGAZINE_SIZE, "it takes the place of one");

/* ---- chance ---- */

uint64_t cm_hard_secret;
static uint64_t sequence;

void cm_hard_seed(void) {
    cm_sys_random(&cm_hard_secret, sizeof cm_hard_secret);
    cm_sys_random(&sequence, sizeof sequence);
}

/* (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014.) */
static uint64_t next_of_all(void) {
    uint64_t x = __atomic_add_fetch(&sequence, UINT64_C(0x9e3779b97f4a7c15), __ATOMIC_RELAXED);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint32_t below(uint64_t random, uint32_t limit) {
    return (uint32_t)((random >> 32) * limit >> 32);
}

uint32_t cm_hard_random(uint32_t limit) {
    return below(next_of_all(), limit);
}

/* (Marsaglia: "Xorshift RNGs", 2003.) */
static uint32_t random_below(struct cm_hard_thread *self, uint32_t limit) {
    uint64_t x = self->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    self->random = x;
    return below(x, limit);
}

/* ---- magazines ---- */

static struct cm_magazine *quarantine_of(const struct cm_magazine *magazine) {
    return (struct cm_magazine *)magazine->link;
}

static struct cm_hard_thread *set_up_self(void) {
    if (!cm_thread_is_active()) {
        return NULL;
    }
    struct cm_hard_thread *const self =
        (struct cm_hard_thread *)(void *)cm_depot_empty(CM_HARD + 1);
    if (self != NULL) {
        memset(self, 0, sizeof *self);
        self->random = next_of_all() | 1;
        self->until_sampled = 1 + random_below(self, SAMPLED_ONE_OF);
        cm_thread_self.hard = self;
    }
    return self;
}

/* NULL if the thread has to do without. */
static inline struct cm_hard_thread *get_self(void) {
    struct cm_hard_thread *const self = cm_thread_self.hard;
    return cm_unlikely(self == NULL) ? set_up_self() : self;
}

/* The thread's magazine of the class, which it gets if it has none; NULL if there is no memory. */
static struct cm_magazine *get_magazine(struct cm_hard_thread *self, unsigned size_class) {
    if (self->magazines[size_class] != NULL) {
        return self->magazines[size_class];
    }
    const unsigned slab_class = CM_HARD + size_class;
    struct cm_magazine *const magazine = cm_depot_empty(slab_class);
    struct cm_magazine *const quarantine = magazine != NULL ? cm_depot_empty(slab_class) : NULL;
    if (quarantine == NULL) {
        if (magazine != NULL) {
            cm_depot_retire(slab_class, magazine, cm_magazine_bottom(magazine, slab_class));
        }
        return NULL;
    }
    magazine->link = (uintptr_t)quarantine;
    self->ready[size_class] = 0;
    self->held[size_class] = 0;
    self->magazines[size_class] = magazine;
    return magazine;
}

static bool load(struct cm_hard_thread *self, unsigned size_class) {
    const unsigned slab_class = CM_HARD + size_class;
    struct cm_magazine *magazine = get_magazine(self, size_class);
    if (magazine == NULL) {
        return false;
    }
    const uintptr_t quarantine = magazine->link;
    void **const top = cm_depot_load(slab_class, &magazine, false);
    magazine->link = quarantine;
    self->magazines[size_class] = magazine;
    self->ready[size_class] = (uint8_t)(top - cm_magazine_bottom(magazine, slab_class));
    return self->ready[size_class] > 0;
}

void *cm_hard_take(unsigned size_class) {
    struct cm_hard_thread *const self = get_self();
    if (self == NULL || (self->ready[size_class] == 0 && !load(self, size_class))) {
        return cm_depot_take_one(CM_HARD + size_class);
    }
    void **const slots = cm_magazine_bottom(self->magazines[size_class], size_class);
    const unsigned last = --self->ready[size_class];
    const unsigned taken = random_below(self, last + 1);
    void *const block = slots[taken];
    slots[taken] = slots[last];
    return block;
}

/* Exchanges the full magazine for an empty one; false, and without both, if there is none. */
static bool store(struct cm_hard_thread *self, unsigned size_class) {
    const unsigned slab_class = CM_HARD + size_class;
    struct cm_magazine *const full = self->magazines[size_class];
    struct cm_magazine *const quarantine = quarantine_of(full);
    struct cm_magazine *const empty = cm_depot_store(slab_class, full);
    self->magazines[size_class] = empty;
    self->ready[size_class] = 0;
    if (empty == NULL) {
        cm_depot_retire(slab_class, quarantine,
                        cm_magazine_bottom(quarantine, slab_class) + self->held[size_class]);
        self->held[size_class] = 0;
        return false;
    }
    empty->link = (uintptr_t)quarantine;
    return true;
}

void cm_hard_give(unsigned size_class, void *block) {
    struct cm_hard_thread *const self = get_self();
    struct cm_magazine *const magazine = self != NULL ? get_magazine(self, size_class) : NULL;
    if (magazine == NULL) {
        cm_depot_give_one(CM_HARD + size_class, block);
        return;
    }
    const unsigned room = cm_classes[size_class].magazine;
    void **const held = cm_magazine_bottom(quarantine_of(magazine), size_class);
    if (self->held[size_class] < room) {
        held[self->held[size_class]++] = block;
        return;
    }
    const unsigned chosen = random_below(self, room);
    void *const released = held[chosen];
    held[chosen] = block;
    if (self->ready[size_class] == room && !store(self, size_class)) {
        cm_depot_give_one(CM_HARD + size_class, released);
        return;
    }
    cm_magazine_bottom(self->magazines[size_class], size_class)[self->ready[size_class]++] =
        released;
}

bool cm_hard_is_sampled(void) {
    struct cm_hard_thread *const self = get_self();
    if (self == NULL || --self->until_sampled > 0) {
        return false;
    }
    self->until_sampled = 1 + random_below(self, 2 * SAMPLED_ONE_OF - 1);
    return true;
}

/* ---- the end ---- */

static void flush_class(struct cm_hard_thread *self, unsigned size_class) {
    const unsigned slab_class = CM_HARD + size_class;
    struct cm_magazine *const magazine = self->magazines[size_class];
    if (magazine == NULL) {
        return;
    }
    struct cm_magazine *const quarantine = quarantine_of(magazine);
    self->magazines[size_class] = NULL;
    cm_depot_retire(slab_class, quarantine,
                    cm_magazine_bottom(quarantine, slab_class) + self->held[size_class]);
    cm_depot_retire(slab_class, magazine,
                    cm_magazine_bottom(magazine, slab_class) + self->ready[size_class]);
}

void cm_hard_flush(void) {
    struct cm_hard_thread *const self = cm_thread_self.hard;
    if (self == NULL) {
        return;
    }
    for (unsigned size_class = 1; size_class <= CM_CLASSES; size_class++) {
        flush_class(self, size_class);
    }
    cm_thread_self.hard = NULL;
    struct cm_magazine *const magazine = (struct cm_magazine *)(void *)self;
    cm_depot_retire(CM_HARD + 1, magazine, cm_magazine_bottom(magazine, CM_HARD + 1));
}

CM_RACES_ON_PURPOSE size_t cm_hard_cached(const struct cm_hard_thread *thread) {
    size_t cached = 0;
    for (unsigned size_class = 1; thread != NULL && size_class <= CM_CLASSES; size_class++) {
        if (thread->magazines[size_class] != NULL) {
            cached += ((size_t)thread->ready[size_class] + thread->held[size_class]) *
                      cm_class_size(size_class);
        }
    }
    return cached;
}

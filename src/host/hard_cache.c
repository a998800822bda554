/* SPDX-License-Identifier: MIT */
#include "hard_cache.h"

#include "hard_record.h"
#include "sys.h"

enum { SAMPLED_ONE_OF = 8192 };

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

uint32_t cm_hard_random(uint32_t limit) {
    return (uint32_t)((next_of_all() >> 32) * limit >> 32);
}

void cm_hard_draw_sample(struct cm_hard_thread *self) {
    self->until_sampled = 1 + cm_hard_random_of(self, 2 * SAMPLED_ONE_OF - 1);
}

/* ---- magazines ---- */

/* NULL if the thread has to do without. */
static struct cm_hard_thread *set_up_self(void) {
    const enum cm_thread_state state = cm_thread_self.state;
    if (state != CM_THREAD_ACTIVE && state != CM_THREAD_ENDING) {
        return NULL;
    }
    struct cm_hard_thread *const self =
        (struct cm_hard_thread *)(void *)cm_depot_empty(CM_HARD + 1);
    if (self != NULL) {
        memset(self, 0, sizeof *self);
        self->random = next_of_all() | 1;
        cm_hard_draw_sample(self);
        cm_thread_self.hard = self;
    }
    return self;
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

void *cm_hard_take_slowly(struct cm_hard_thread *self, unsigned size_class) {
    self = self != NULL ? self : set_up_self();
    if (self == NULL || (self->ready[size_class] == 0 && !load(self, size_class))) {
        return cm_depot_take_one(CM_HARD + size_class);
    }
    return cm_hard_take(size_class);
}

/* Exchanges the full magazine for an empty one; false, and without both, if there is none. */
static bool store(struct cm_hard_thread *self, unsigned size_class) {
    const unsigned slab_class = CM_HARD + size_class;
    struct cm_magazine *const full = self->magazines[size_class];
    struct cm_magazine *const quarantine = cm_hard_quarantine(full);
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

/* A magazine with room, so that the quarantine can make some too. */
static bool make_room(struct cm_hard_thread *self, unsigned size_class) {
    return get_magazine(self, size_class) != NULL &&
           (self->ready[size_class] < cm_classes[size_class].magazine || store(self, size_class));
}

void cm_hard_give_slowly(struct cm_hard_thread *self, unsigned size_class, void *block) {
    self = self != NULL ? self : set_up_self();
    if (self == NULL || !make_room(self, size_class)) {
        cm_depot_give_one(CM_HARD + size_class, block);
    } else if (self->held[size_class] < cm_classes[size_class].magazine) {
        struct cm_magazine *const quarantine = cm_hard_quarantine(self->magazines[size_class]);
        cm_magazine_bottom(quarantine, size_class)[self->held[size_class]++] = block;
    } else {
        (void)cm_hard_give(size_class, block);
    }
}

/* ---- the end ---- */

static void flush_class(struct cm_hard_thread *self, unsigned size_class) {
    const unsigned slab_class = CM_HARD + size_class;
    struct cm_magazine *const magazine = self->magazines[size_class];
    if (magazine == NULL) {
        return;
    }
    struct cm_magazine *const quarantine = cm_hard_quarantine(magazine);
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

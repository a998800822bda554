/* SPDX-License-Identifier: MIT */
#include "hard_cache.h"

#include "hard_canary.h"
#include "hard_guards.h"
#include "sys.h"
#include <core/assert.h>

enum { SAMPLED_ONE_OF = 8192 };

/* ---- chance ---- */

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

/* ---- what threads have ---- */

/* Guarded by the lock of the supply of magazines. */
static struct cm_hard_thread *spares;

/* Cut from runs, as magazines are. */
static struct cm_hard_thread *get_memory(void) {
    cm_lock_acquire(&cm_depot_pool_lock);
    if (spares == NULL) {
        unsigned char *const memory = cm_guarded_alloc(CM_SLAB_CHUNKS, 1, CM_KIND_NONE);
        for (size_t at = 0; memory != NULL && at < CM_SLAB_SIZE; at += CM_HARD_THREAD_SIZE) {
            struct cm_hard_thread *const spare =
                (struct cm_hard_thread *)(void *)(memory + CM_SLAB_SIZE - CM_HARD_THREAD_SIZE - at);
            spare->spare = spares;
            spares = spare;
        }
        cm_depot_internal += memory != NULL ? CM_SLAB_SIZE : 0;
    }
    struct cm_hard_thread *const self = spares;
    if (self != NULL) {
        spares = self->spare;
    }
    cm_lock_release(&cm_depot_pool_lock);
    return self;
}

static void give_memory(struct cm_hard_thread *self) {
    cm_lock_acquire(&cm_depot_pool_lock);
    self->spare = spares;
    spares = self;
    cm_lock_release(&cm_depot_pool_lock);
}

static uint16_t most_of(unsigned size_class) {
    return (uint16_t)(cm_classes[CM_HARD + size_class].magazine * 5 / 2);
}

static void set_up_pools(struct cm_hard_thread *self) {
    void **slots = self->slots;
    for (unsigned size_class = 1; size_class <= CM_CLASSES; size_class++) {
        self->pools[size_class] = (struct cm_hard_pool){
            .slots = slots,
            .size = (uint16_t)cm_class_size(size_class),
            .least = cm_classes[CM_HARD + size_class].magazine / 2,
        };
        slots += most_of(size_class);
    }
    chunk_require((unsigned char *)slots <= (unsigned char *)self + CM_HARD_THREAD_SIZE);
}

struct cm_hard_thread *cm_hard_self(void) {
    const enum cm_thread_state state = cm_thread_self.state;
    struct cm_hard_thread *self = cm_thread_self.hard;
    if (self != NULL || (state != CM_THREAD_ACTIVE && state != CM_THREAD_ENDING)) {
        return self;
    }
    self = get_memory();
    if (self != NULL) {
        self->random = next_of_all() | 1;
        cm_hard_draw_sample(self);
        set_up_pools(self);
        cm_thread_self.hard = self;
    }
    return self;
}

/* ---- slots ---- */

uint32_t *cm_hard_find_record(unsigned size_class, const void *slot) {
    const struct cm_region *const region = cm_region_of(slot);
    const uint32_t offset = cm_offset_in_slab(slot);
    if (region != NULL && cm_is_slot(size_class, offset) &&
        region->kinds[cm_offset_in(region, slot) >> CM_CHUNK_SHIFT] == CM_HARD + size_class) {
        return cm_record_of_slot(region->use, slot, cm_slot_number(size_class, offset));
    }
    cm_die("corrupted magazine", ", which names", slot);
}

/* Where there may be none. */
static void choose(struct cm_hard_thread *self, unsigned size_class) {
    struct cm_hard_pool *const pool = &self->pools[size_class];
    if (pool->count > 0) {
        pool->most = most_of(size_class);
        if (!cm_hard_choose(self, pool, size_class)) {
            pool->record = cm_hard_find_record(size_class, pool->next);
        }
    } else {
        pool->most = 0;
        pool->next = NULL;
    }
}

/* All of them are looked at soon, in an order that the processor cannot guess. */
static void prefetch(void *const *slots, unsigned count, size_t size) {
    enum { LINE = 64, MOST = 256 };
    const size_t end = size < MOST ? size : MOST;
    for (unsigned i = 0; i < count; i++) {
        const unsigned char *const slot = (const unsigned char *)slots[i];
        for (size_t at = 0; at < end; at += LINE) {
            __builtin_prefetch(slot + at, 1);
        }
        __builtin_prefetch(slot + end - 1, 1);
    }
}

static void fill(struct cm_hard_thread *self, unsigned size_class) {
    struct cm_hard_pool *const pool = &self->pools[size_class];
    unsigned got = 1;
    while (pool->count <= pool->least && got > 0) {
        void **const slots = pool->slots + pool->count;
        got = cm_depot_get(CM_HARD + size_class, slots);
        prefetch(slots, got, pool->size);
        pool->count = (uint16_t)(pool->count + got);
    }
    if (pool->next == NULL) {
        choose(self, size_class);
    }
}

void *cm_hard_take_slowly(struct cm_hard_thread *self, unsigned size_class) {
    struct cm_hard_pool *const pool = &self->pools[size_class];
    fill(self, size_class);
    void *const slot = pool->next;
    choose(self, size_class);
    return slot;
}

static void make_room(struct cm_hard_pool *pool, unsigned size_class) {
    const unsigned portion = cm_classes[CM_HARD + size_class].magazine;
    cm_depot_put(CM_HARD + size_class, pool->slots);
    pool->count = (uint16_t)(pool->count - portion);
    memcpy(pool->slots, pool->slots + pool->count, portion * sizeof *pool->slots);
}

void cm_hard_give_slowly(struct cm_hard_thread *self, unsigned size_class, void *slot) {
    struct cm_hard_pool *const pool = &self->pools[size_class];
    if (pool->next == NULL) {
        fill(self, size_class);
    } else if (pool->count == pool->most) {
        make_room(pool, size_class);
    }
    pool->slots[pool->count++] = slot;
    if (pool->next == NULL) {
        choose(self, size_class);
    }
}

/* ---- the end ---- */

static void flush_pool(struct cm_hard_pool *pool, unsigned size_class) {
    if (pool->next != NULL) {
        const unsigned slab_class = CM_HARD + size_class;
        cm_depot_give(slab_class, &pool->next, 1);
        cm_depot_give(slab_class, pool->slots, pool->count);
        pool->next = NULL;
        pool->count = 0;
        pool->most = 0;
    }
}

void cm_hard_flush(void) {
    struct cm_hard_thread *const self = cm_thread_self.hard;
    if (self == NULL) {
        return;
    }
    for (unsigned size_class = 1; size_class <= CM_CLASSES; size_class++) {
        flush_pool(&self->pools[size_class], size_class);
    }
    cm_thread_self.hard = NULL;
    give_memory(self);
}

CM_RACES_ON_PURPOSE size_t cm_hard_cached(const struct cm_hard_thread *thread) {
    size_t cached = 0;
    for (unsigned size_class = 1; thread != NULL && size_class <= CM_CLASSES; size_class++) {
        const struct cm_hard_pool *const pool = &thread->pools[size_class];
        cached += (pool->count + (size_t)(pool->next != NULL)) * cm_class_size(size_class);
    }
    return cached;
}

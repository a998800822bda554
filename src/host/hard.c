/* SPDX-License-Identifier: MIT */
#include "hard.h"

#include "hard_cache.h"
#include "hard_canary.h"
#include "hard_record.h"
#include "hard_runs.h"
#include "hard_zero.h"
#include "inside.h"
#include "reclaim.h"
#include "sys.h"
#include <errno.h>

bool cm_hard_on;

bool cm_hard_start(void) {
    cm_hard_seed();
    if (!cm_hard_zero_start() || !cm_hard_runs_start()) {
        return false;
    }
    /* Who frees without knowing of it has the lock, for which the purge waits. */
    __atomic_store_n(&cm_runs_clear, true, __ATOMIC_RELAXED);
    (void)cm_reclaim(0);
    __atomic_store_n(&cm_hard_on, true, __ATOMIC_RELEASE);
    return true;
}

/* ---- slots ---- */

/* Makes a free slot the program's. A pool may have been overwritten, or have got a block that two
 * threads freed at once: it may only name slots that are free. */
CM_INLINE void hand_out(void *slot, uint32_t *record, size_t all, size_t size, unsigned site) {
    const uint32_t before = cm_record_get(record);
    if (cm_unlikely(cm_record_is_live(before))) {
        cm_die_with("double free", " of", slot, all);
    }
    if (all > CM_CHUNK_SIZE && before == CM_RECORD_NEW) {
        cm_sys_populate(slot, all); /* else each page is asked for when it is looked at */
    }
    if (cm_unlikely(!cm_is_zero(slot, all))) {
        cm_die_with("write after free", " to", slot, all);
    }
    const size_t slack = all - size;
    cm_canary_put_first(slot, size, slack);
    cm_record_set(record, cm_record_live(slack, site));
}

/* Takes a slot that is live, as its record says, out of the program's hands. The slack of a slot is
 * not more than its canary where a program has been, so that is all that is not zero. */
CM_INLINE void take_back(void *block, uint32_t *record, uint32_t value, size_t all, bool is_short,
                         unsigned site) {
    const size_t slack = cm_record_told(value);
    const size_t size = all - slack;
    const uint32_t freed = cm_record_freed(value, site);
    if (cm_unlikely(!cm_canary_is_whole(block, size, slack))) {
        cm_record_set(record, freed);
        cm_die_with("overrun", " of", block, all);
    }
    if (is_short) {
        cm_clear_short(block, all);
    } else {
        memset(block, 0, size + cm_canary_size(slack));
    }
    cm_record_set(record, freed);
}

static void *alloc_slot(unsigned size_class, size_t size, const void *caller) {
    struct cm_hard_thread *const self = cm_hard_self();
    void *const slot = self != NULL ? cm_hard_take_slowly(self, size_class)
                                    : cm_depot_take_one(CM_HARD + size_class);
    if (slot != NULL) {
        hand_out(slot, cm_hard_find_record(size_class, slot), cm_class_size(size_class), size,
                 cm_site_number(caller));
    }
    return slot;
}

static bool free_slot(struct cm_place place, void *block, const void *caller) {
    const unsigned size_class = place.kind - CM_HARD;
    if (!cm_is_slot(size_class, cm_offset_in_slab(block))) {
        return false;
    }
    uint32_t *const record = cm_record(place, block);
    const uint32_t value = cm_record_get(record);
    if (!cm_record_is_live(value)) {
        return false;
    }
    take_back(block, record, value, cm_class_size(size_class), false, cm_site_number(caller));
    struct cm_hard_thread *const self = cm_hard_self();
    if (self == NULL) {
        cm_depot_give_one(place.kind, block);
    } else {
        cm_hard_give_slowly(self, size_class, block);
    }
    return true;
}

static bool resize_slot(struct cm_place place, void *block, size_t size) {
    const size_t all = cm_class_size(place.kind);
    uint32_t *const record = cm_record(place, block);
    const uint32_t value = cm_record_get(record);
    const size_t slack = cm_record_told(value);
    const size_t old = all - slack;
    cm_canary_check(block, old, slack);
    if (size > all || size < all / 2) {
        return false;
    }
    const size_t kept = size < old ? size : old;
    memset((unsigned char *)block + kept, 0, old + cm_canary_size(slack) - kept);
    cm_canary_put(block, size, all - size);
    cm_record_set(record, cm_record_live(all - size, cm_record_alloc_site(value)));
    return true;
}

/* ---- all of them ---- */

static bool is_slot(struct cm_place place) {
    return place.kind <= CM_SLAB_CLASSES;
}

/* Is it a block's turn? What serves without coming here has counted. */
static bool is_sampled(void) {
    struct cm_hard_thread *const self = cm_hard_self();
    if (self == NULL || self->until_sampled > 0) {
        return false;
    }
    cm_hard_draw_sample(self);
    return true;
}

static void *alloc(size_t size, size_t alignment, const void *caller) {
    if (size == 0 && alignment <= CM_GRANULE) {
        void *const block = cm_hard_zero_alloc();
        if (block != NULL) {
            return block;
        }
    }
    const unsigned size_class = cm_aligned_class(alignment, size);
    if (size_class == 0) {
        return cm_hard_large_alloc(size, alignment, caller);
    }
    if (cm_unlikely(is_sampled())) {
        void *const block = cm_hard_tight_alloc(size, alignment, caller);
        if (block != NULL) {
            return block;
        }
    }
    return alloc_slot(size_class, size, caller);
}

/* False in a handler that interrupted what is here. What makes a thread active may call back, and
 * must be over before. */
static bool enter(void) {
    if (cm_unlikely(cm_thread_self.hard == NULL) && !cm_is_inside_slow()) {
        (void)cm_thread_is_active();
    }
    return cm_enter();
}

static void *try_alloc(size_t size, size_t alignment, const void *caller) {
    if (!enter()) {
        return NULL;
    }
    void *const block = alloc(size, alignment, caller);
    cm_leave();
    return block;
}

/* Memory that is free but held back may be what is missing. */
static __attribute__((noinline)) void *alloc_slowly(size_t size, size_t alignment,
                                                    const void *caller) {
    void *block = NULL;
    if (size <= PTRDIFF_MAX) {
        block = try_alloc(size, alignment, caller);
        if (cm_unlikely(block == NULL)) {
            (void)cm_reclaim(0);
            block = try_alloc(size, alignment, caller);
        }
    }
    if (cm_unlikely(block == NULL)) {
        errno = ENOMEM;
    }
    return block;
}

void *cm_hard_alloc(size_t size, size_t alignment, const void *caller) {
    return alloc_slowly(size, alignment, caller);
}

static bool free_block(struct cm_place place, void *block, const void *caller) {
    if (is_slot(place)) {
        return free_slot(place, block, caller);
    }
    if (place.kind == CM_KIND_HARD_ZERO) {
        cm_hard_zero_free(block);
        return true;
    }
    return cm_hard_run_free(place, block, caller);
}

bool cm_hard_free(struct cm_place place, void *block, const void *caller) {
    if (!enter()) {
        cm_set_aside(block);
        return true;
    }
    const bool freed = free_block(place, block, caller);
    cm_leave();
    if (freed) {
        cm_reclaim_if_due();
    }
    return freed;
}

bool cm_hard_is_live(struct cm_place place, const void *block) {
    if (place.kind == CM_KIND_HARD_ZERO) {
        return true;
    }
    return is_slot(place) ? cm_is_slot(place.kind - CM_HARD, cm_offset_in_slab(block)) &&
                                cm_record_is_live(cm_record_get(cm_record(place, block)))
                          : cm_hard_run_is_live(place, block);
}

size_t cm_hard_size(struct cm_place place, const void *block) {
    if (place.kind == CM_KIND_HARD_ZERO) {
        return 0;
    }
    return is_slot(place)
               ? cm_class_size(place.kind) - cm_record_told(cm_record_get(cm_record(place, block)))
               : cm_hard_run_size(place, block);
}

bool cm_hard_resize(struct cm_place place, void *block, size_t size) {
    if (place.kind == CM_KIND_HARD_ZERO) {
        return false;
    }
    if (!enter()) {
        return false;
    }
    const bool resized =
        is_slot(place) ? resize_slot(place, block, size) : cm_hard_run_resize(place, block, size);
    cm_leave();
    return resized;
}

enum chunk_misuse cm_hard_misuse(struct cm_place place, const void *address) {
    return cm_record_is_free(cm_record_get(cm_record(place, address))) ? CHUNK_MISUSE_DOUBLE_FREE
                                                                       : CHUNK_MISUSE_OUTSIDE;
}

/*
 * ---- the fast paths ----
 *
 * Nothing is called but at the end, so that the compiler has nothing to save: what is rare is left
 * to the others, such as sites that are not in the table.
 */

static CM_COLD void *leave_late(void *slot) {
    cm_free_aside();
    return slot;
}

CM_INLINE void *leave_with(void *slot) {
    cm_leave_aside();
    return cm_unlikely(cm_thread_self.any_aside) ? leave_late(slot) : slot;
}

static CM_COLD void *find_and_leave(struct cm_hard_pool *pool, unsigned size_class, void *slot) {
    pool->record = cm_hard_find_record(size_class, pool->next);
    return leave_with(slot);
}

void *cm_hard_malloc(size_t size, const void *caller) {
    struct cm_hard_thread *const self = cm_thread_self.hard;
    const unsigned site = cm_site_hash(caller);
    if (cm_unlikely(size - 1 >= CM_SMALL_MAX) || cm_unlikely(self == NULL) ||
        cm_unlikely(!cm_site_is_entered(site, caller))) {
        return alloc_slowly(size, 1, caller);
    }
    const size_t size_class = cm_class_of(size);
    struct cm_hard_pool *const pool = &self->pools[size_class];
    if (cm_unlikely(pool->count <= pool->least) || cm_unlikely(--self->until_sampled == 0) ||
        cm_unlikely(!cm_enter())) {
        return alloc_slowly(size, 1, caller);
    }
    void *const slot = pool->next;
    hand_out(slot, pool->record, pool->size, size, site);
    if (cm_unlikely(!cm_hard_choose(self, pool, size_class))) {
        return find_and_leave(pool, (unsigned)size_class, slot);
    }
    return leave_with(slot);
}

static __attribute__((noinline)) void free_long(struct cm_hard_pool *pool, void *block,
                                                uint32_t *record, uint32_t value, unsigned site) {
    take_back(block, record, value, pool->size, false, site);
    pool->slots[pool->count++] = block;
    cm_leave();
}

void cm_hard_free_or(void *block, const void *caller,
                     void (*otherwise)(void *block, const void *caller)) {
    struct cm_hard_thread *const self = cm_thread_self.hard;
    const size_t offset = (uintptr_t)block - (uintptr_t)cm_section_map;
    const unsigned site = cm_site_hash(caller);
    if (cm_unlikely(offset >= CM_SECTION_SPAN) || cm_unlikely(self == NULL) ||
        cm_unlikely(!cm_site_is_entered(site, caller))) {
        otherwise(block, caller);
        return;
    }
    const size_t size_class = cm_section_map[offset >> CM_CHUNK_SHIFT] - (size_t)CM_HARD;
    if (cm_unlikely(size_class - 1 >= CM_CLASSES)) {
        otherwise(block, caller);
        return;
    }
    const uint64_t slot = cm_slot_at(size_class, cm_offset_in_slab(block));
    uint32_t *const record = cm_record_of_slot(&cm_section_use, block, (unsigned)(slot >> 32));
    const uint32_t value = cm_record_get(record);
    struct cm_hard_pool *const pool = &self->pools[size_class];
    if (cm_unlikely(!cm_slot_starts(size_class, slot)) || cm_unlikely(!cm_record_is_live(value)) ||
        cm_unlikely(pool->count == pool->most) || cm_unlikely(!cm_enter())) {
        otherwise(block, caller);
        return;
    }
    if (pool->size > CM_SHORT) {
        free_long(pool, block, record, value, site);
        return;
    }
    take_back(block, record, value, pool->size, true, site);
    pool->slots[pool->count++] = block;
    cm_leave();
}

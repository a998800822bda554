/* SPDX-License-Identifier: MIT */
#include "hard.h"

#include "hard_cache.h"
#include "hard_record.h"
#include "hard_runs.h"
#include "inside.h"
#include "reclaim.h"
#include "sites.h"

bool cm_hard_on;

bool cm_hard_start(void) {
    cm_hard_seed();
    if (!cm_hard_runs_start()) {
        return false;
    }
    /* Who frees without knowing of it has the lock, for which the purge waits. */
    __atomic_store_n(&cm_runs_clear, true, __ATOMIC_RELAXED);
    (void)cm_reclaim(0);
    __atomic_store_n(&cm_hard_on, true, __ATOMIC_RELEASE);
    return true;
}

/* ---- slots ---- */

static struct cm_place place_of_slot(const void *slot, unsigned size_class) {
    return (struct cm_place){cm_region_of(slot), CM_HARD + size_class};
}

/* A magazine may have been overwritten, or have got a block that two threads freed at once: it may
 * only name slots that are free. */
static void check_free(struct cm_place place, unsigned size_class, const void *slot) {
    if (place.region == NULL ||
        place.region->kinds[cm_offset_in(place.region, slot) >> CM_CHUNK_SHIFT] != place.kind ||
        !cm_is_slot(size_class, cm_offset_in_slab(slot))) {
        cm_die("corrupted magazine", ", which names", slot);
    }
    if (cm_unlikely(cm_record_is_live(cm_record_get(cm_record(place, slot))))) {
        cm_die_with("double free", " of", slot, cm_class_size(size_class));
    }
    if (cm_unlikely(!cm_is_zero(slot, cm_class_size(size_class)))) {
        cm_die_with("write after free", " to", slot, cm_class_size(size_class));
    }
}

static void *alloc_slot(unsigned size_class, size_t size) {
    void *const slot = cm_hard_take(size_class);
    if (slot == NULL) {
        return NULL;
    }
    const struct cm_place place = place_of_slot(slot, size_class);
    const size_t slack = cm_class_size(size_class) - size;
    check_free(place, size_class, slot);
    cm_canary_put(slot, size, slack);
    cm_record_set(cm_record(place, slot), (unsigned)slack + 1);
    return slot;
}

/* The slack of a slot is not more than its canary where a program has been, so that is all that is
 * not zero. */
static bool free_slot(struct cm_place place, void *block, bool *slowly) {
    const unsigned size_class = place.kind - CM_HARD;
    if (!cm_is_slot(size_class, cm_offset_in_slab(block))) {
        return false;
    }
    const unsigned record = cm_record_end(cm_record(place, block));
    if (!cm_record_is_live(record)) {
        return false;
    }
    const size_t slack = record - 1;
    const size_t size = cm_class_size(size_class) - slack;
    cm_canary_check(block, size, slack);
    memset(block, 0, size + cm_canary_size(slack));
    *slowly = !cm_hard_give(size_class, block);
    return true;
}

static bool resize_slot(struct cm_place place, void *block, size_t size) {
    const size_t all = cm_class_size(place.kind);
    uint16_t *const record = cm_record(place, block);
    const size_t slack = cm_record_get(record) - 1;
    const size_t old = all - slack;
    cm_canary_check(block, old, slack);
    if (size > all || size < all / 2) {
        return false;
    }
    const size_t kept = size < old ? size : old;
    memset((unsigned char *)block + kept, 0, old + cm_canary_size(slack) - kept);
    cm_canary_put(block, size, all - size);
    cm_record_set(record, (unsigned)(all - size) + 1);
    return true;
}

/* ---- all of them ---- */

static bool is_slot(struct cm_place place) {
    return place.kind <= CM_SLAB_CLASSES;
}

static void *alloc(size_t size, size_t alignment) {
    if (size == 0 && alignment <= CM_GRANULE) {
        void *const block = cm_hard_zero_alloc();
        if (block != NULL) {
            return block;
        }
    }
    const unsigned size_class = cm_aligned_class(alignment, size);
    if (size_class == 0) {
        return cm_hard_large_alloc(size, alignment);
    }
    if (cm_unlikely(cm_hard_is_sampled())) {
        void *const block = cm_hard_tight_alloc(size, alignment);
        if (block != NULL) {
            return block;
        }
    }
    return alloc_slot(size_class, size);
}

/* Memory that is free but held back may be what is missing. */
static CM_COLD void *alloc_again(size_t size, size_t alignment) {
    (void)cm_reclaim(0);
    if (!cm_enter()) {
        return NULL;
    }
    void *const block = alloc(size, alignment);
    cm_leave();
    return block;
}

/* False in a handler that interrupted what is here. What makes a thread active may call back, and
 * must be over before. */
static inline bool enter(void) {
    if (cm_unlikely(cm_thread_self.hard == NULL) && !cm_inside.is) {
        (void)cm_thread_is_active();
    }
    return cm_enter();
}

void *cm_hard_alloc(size_t size, size_t alignment, const void *caller) {
    if (size > PTRDIFF_MAX || !enter()) {
        return NULL;
    }
    void *block = alloc(size, alignment);
    cm_leave();
    if (cm_unlikely(block == NULL)) {
        block = alloc_again(size, alignment);
    }
    cm_site_of_alloc(block, caller);
    return block;
}

/* *slowly is set if it took locks. */
static bool free_block(struct cm_place place, void *block, bool *slowly) {
    if (is_slot(place)) {
        return free_slot(place, block, slowly);
    }
    if (place.kind == CM_KIND_HARD_ZERO) {
        cm_hard_zero_free(block);
        return true;
    }
    *slowly = true;
    return cm_hard_run_free(place, block);
}

bool cm_hard_free(struct cm_place place, void *block, const void *caller) {
    bool slowly = false;
    if (!enter()) {
        cm_set_aside(block);
        return true;
    }
    cm_site_of_free(block, caller);
    const bool freed = free_block(place, block, &slowly);
    cm_leave();
    if (cm_unlikely(slowly) && freed) {
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
    return is_slot(place) ? cm_class_size(place.kind) - (cm_record_get(cm_record(place, block)) - 1)
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
    return cm_record_get(cm_record(place, address)) == CM_RECORD_FREE ? CHUNK_MISUSE_DOUBLE_FREE
                                                                      : CHUNK_MISUSE_OUTSIDE;
}

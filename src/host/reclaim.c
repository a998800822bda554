/* SPDX-License-Identifier: MIT */
#include "reclaim.h"

#include "footprint.h"
#include "hard_cache.h"
#include "hard_kept.h"
#include "inside.h"
#include "runs.h"
#include "thread.h"

enum {
    PATIENCE = 64 /* calls after a refusal until the debt is looked at again */
};

struct cm_lock cm_reclaim_lock = CM_LOCK_INITIALISER;

/* What was refused because of the debt, and when to ask again; races only cost a call. */
static struct {
    uint64_t unneeded;
    uint64_t calls;
} refused;

/* Near the end, when next to nothing is in use, each quarter less counts: few calls are left. */
static bool has_shrunk(uint64_t live) {
    const uint64_t peak = cm_counted(&cm_footprint.peak);
    return live <= (peak < cm_counted(&cm_footprint.keep) ? peak / 4 * 3 : peak / 2);
}

/* Chunks that could go; 0 if it is not the time for that. */
static uint64_t unneeded(uint64_t live) {
    const uint64_t excess = cm_footprint_excess();
    const uint64_t stays = live / 4 + cm_counted(&cm_footprint.keep);
    return has_shrunk(live) && excess > stays ? excess - stays : 0;
}

static bool exceeds_debt(uint64_t chunks) {
    const uint64_t before = cm_counted(&refused.unneeded);
    if (chunks <= before + before / 8 && cm_counted(&refused.calls) > 0) {
        cm_count(&refused.calls, -(uint64_t)1);
        return false;
    }
    const bool exceeds = chunks / 2 > cm_footprint_debt();
    __atomic_store_n(&refused.unneeded, exceeds ? 0 : chunks, __ATOMIC_RELAXED);
    __atomic_store_n(&refused.calls, exceeds ? 0 : PATIENCE, __ATOMIC_RELAXED);
    return exceeds;
}

static size_t hollow_slabs(const struct cm_region *region) {
    cm_lock_acquire(&cm_heap_lock);
    const uint32_t frontier = region->heap.state->frontier;
    cm_lock_release(&cm_heap_lock);
    const struct cm_slab *const end = cm_slab_row(region, cm_chunk_address(region, frontier));
    size_t purged = 0;
    for (struct cm_slab *slab = region->slabs; slab < end; slab++) {
        const unsigned size_class = __atomic_load_n(&slab->size_class, __ATOMIC_RELAXED);
        if (size_class != 0) {
            purged += cm_depot_hollow(size_class, slab);
        }
    }
    return purged;
}

/* Needs the reclaim lock: slots that are held while their memory is given back are missing. */
static size_t reclaim(uint64_t keep) {
    size_t purged = 0;
    cm_hard_drain_cache();
    cm_thread_flush();
    for (unsigned size_class = 1; size_class <= CM_SLAB_CLASSES; size_class++) {
        cm_depot_drain(size_class);
    }
    purged += hollow_slabs(&cm_section);
    if (cm_second_size != 0) {
        purged += hollow_slabs(&cm_second);
    }
    return purged + cm_runs_purge(keep);
}

void cm_reclaim_if_due(void) {
    const uint64_t chunks = unneeded(cm_footprint_live());
    if (chunks == 0 || !exceeds_debt(chunks) || !cm_enter()) {
        return;
    }
    if (!cm_lock_try(&cm_reclaim_lock)) {
        cm_leave();
        return;
    }
    const uint64_t live = cm_footprint_live();
    if (unneeded(live) > 0) {
        (void)reclaim(live / 8 + cm_counted(&cm_footprint.keep) / 2);
        __atomic_store_n(&cm_footprint.peak, cm_footprint_live(), __ATOMIC_RELAXED);
    }
    cm_lock_release(&cm_reclaim_lock);
    cm_leave();
}

size_t cm_reclaim(uint64_t keep) {
    if (!cm_enter()) {
        return 0;
    }
    cm_lock_acquire(&cm_reclaim_lock);
    cm_hard_end_quarantine();
    cm_hard_flush();
    cm_slab_release_kept();
    const size_t purged = reclaim(keep);
    cm_lock_release(&cm_reclaim_lock);
    cm_leave();
    return purged;
}

/* SPDX-License-Identifier: MIT */
#include "reclaim.h"

#include "footprint.h"
#include "runs.h"
#include "thread.h"

struct cm_footprint cm_footprint;

enum {
    FLOOR = 256, /* chunks that may stay at first: 1 MiB */
    MOST = 8192, /* and at most, by themselves: 32 MiB */
    DEEPEST = 6  /* 1/64 of the peak counts as nearly nothing */
};

struct cm_lock cm_reclaim_lock = CM_LOCK_INITIALISER;

/* Guarded by the lock; depth and floor are read without it too, to see whether to take it. */
static struct {
    uint64_t depth; /* shrinking is to have fallen to 1 / 2^(depth + 1) of the peak */
    uint64_t least; /* may always stay */
    uint64_t floor; /* may stay now */
    uint64_t given; /* given back the last time; 0 once judged */
    uint64_t taken; /* cm_footprint's counters then */
    uint64_t again;
} state = {.least = FLOOR, .floor = FLOOR};

static void set(uint64_t *field, uint64_t value) {
    __atomic_store_n(field, value, __ATOMIC_RELAXED);
}

void cm_reclaim_keep(uint64_t chunks) {
    cm_lock_acquire(&cm_reclaim_lock);
    state.least = chunks;
    set(&state.floor, chunks);
    cm_lock_release(&cm_reclaim_lock);
}

/* Was what was given back missed since? */
static void judge(void) {
    const uint64_t taken = cm_counted(&cm_footprint.taken) - state.taken;
    const uint64_t again = cm_counted(&cm_footprint.again) - state.again;
    if (state.given == 0) {
        return;
    }
    if (taken < state.given) {
        /* Too little was taken to tell. */
    } else if (cm_is_regretted(again, taken)) {
        if (state.depth < DEEPEST) {
            set(&state.depth, state.depth + 1);
        } else if (state.floor * 2 <= MOST) {
            set(&state.floor, state.floor * 2);
        }
    } else if (state.floor / 2 >= state.least) {
        set(&state.floor, state.floor / 2);
    } else if (state.depth > 0) {
        set(&state.depth, state.depth - 1);
    }
    state.given = 0;
}

/* Near the end, when next to nothing is in use, each quarter less counts: few calls are left. */
static bool has_shrunk(uint64_t live) {
    const uint64_t peak = cm_counted(&cm_footprint.peak);
    const uint64_t part = peak >> (cm_counted(&state.depth) + 1);
    return live <= (peak < cm_counted(&state.floor) ? peak / 4 * 3 : part);
}

static bool is_due(uint64_t live) {
    return has_shrunk(live) && cm_footprint_excess() > live / 4 + cm_counted(&state.floor);
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
    cm_thread_flush();
    for (unsigned size_class = 1; size_class <= CM_CLASSES; size_class++) {
        cm_depot_drain(size_class);
    }
    purged += hollow_slabs(&cm_section);
    if (cm_second_size != 0) {
        purged += hollow_slabs(&cm_second);
    }
    return purged + cm_runs_purge(keep);
}

void cm_reclaim_if_due(void) {
    if (!is_due(cm_footprint_live()) || !cm_lock_try(&cm_reclaim_lock)) {
        return;
    }
    judge();
    const uint64_t live = cm_footprint_live();
    if (is_due(live)) {
        const uint64_t before = cm_footprint_excess();
        (void)reclaim(live / 8 + state.floor / 2);
        const uint64_t after = cm_footprint_excess();
        state.given = before > after ? before - after : 0;
        state.taken = cm_counted(&cm_footprint.taken);
        state.again = cm_counted(&cm_footprint.again);
        __atomic_store_n(&cm_footprint.peak, cm_footprint_live(), __ATOMIC_RELAXED);
    }
    cm_lock_release(&cm_reclaim_lock);
}

size_t cm_reclaim(uint64_t keep) {
    cm_lock_acquire(&cm_reclaim_lock);
    const size_t purged = reclaim(keep);
    cm_lock_release(&cm_reclaim_lock);
    return purged;
}

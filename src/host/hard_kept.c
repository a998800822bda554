/* SPDX-License-Identifier: MIT */
#include "hard_kept.h"

#include "hard_cache.h"
#include "hard_canary.h"
#include "hard_record.h"
#include "sys.h"

enum {
    QUARANTINE = 16,
    CACHE = 512,
    KEPT_PART = 4,     /* of what is open, or else */
    KEPT_LEAST = 1024, /* chunks, may be kept resident, */
    KEPT_PURGED = 4096 /* and so many that were given back, where there is no limit */
};

/* Places for those in quarantine, and for those that are to be used again as they are. */
static const struct part {
    uint32_t first;
    uint32_t count;
} quarantine = {0, QUARANTINE}, cache = {QUARANTINE, CACHE};

/* Guarded by the heap's lock. */
static struct cm_kept places[QUARANTINE + CACHE];
static uint32_t lengths[QUARANTINE + CACHE]; /* of these, to be looked through; 0 for nothing */
static uint64_t chunks_kept[2];              /* together, of those that were purged second */

#define NOWHERE UINT32_MAX /* no place */

static const struct cm_kept nothing = {.run = {NULL, 0}};

/* With the lock held, as the next ones. What is taken from nowhere is nothing. */
static struct cm_kept take(uint32_t place) {
    if (place == NOWHERE || lengths[place] == 0) {
        return nothing;
    }
    lengths[place] = 0;
    chunks_kept[places[place].purged] -= places[place].length;
    return places[place];
}

static void put(uint32_t place, struct cm_kept kept) {
    places[place] = kept;
    lengths[place] = kept.length;
    chunks_kept[kept.purged] += kept.length;
}

static uint64_t most_kept(struct cm_kept kept) {
    if (kept.purged) {
        return cm_region_limit == UINT64_MAX ? KEPT_PURGED : 0;
    }
    const uint32_t part = kept.run.region->heap.state->opened / KEPT_PART;
    return part > KEPT_LEAST ? part : KEPT_LEAST;
}

static bool has_room(struct cm_kept kept) {
    return chunks_kept[kept.purged] + kept.length <= most_kept(kept);
}

/* The first place, the one at start first, of a run of length chunks or up to so many more, or of
 * length 0, of none. NOWHERE if there is none. */
static uint32_t find(struct part part, uint32_t start, uint32_t length, uint32_t more) {
    for (uint32_t i = start; i < start + part.count; i++) {
        const uint32_t place = part.first + i % part.count;
        if (lengths[place] - length <= more) {
            return place;
        }
    }
    return NOWHERE;
}

/* A random one that takes of the same room: of the cache, where none was purged, if it has one. */
static struct cm_kept take_like(struct cm_kept kept, uint32_t chosen) {
    uint32_t place = kept.purged ? NOWHERE : find(cache, chosen, 1, UINT32_MAX - 1);
    for (uint32_t i = 0; i < QUARANTINE && place == NOWHERE; i++) {
        const uint32_t other = (chosen + i) % QUARANTINE;
        if (lengths[other] != 0 && places[other].purged == kept.purged) {
            place = other;
        }
    }
    return take(place);
}

bool cm_hard_would_keep(struct cm_kept kept) {
    cm_lock_acquire(&cm_heap_lock);
    const bool would = kept.length <= most_kept(kept);
    cm_lock_release(&cm_heap_lock);
    return would;
}

/* Stops the program if it wrote to what is kept, as far as that was possible. */
static void check_kept(struct cm_kept kept) {
    const size_t size = (size_t)kept.length << CM_CHUNK_SHIFT;
    if (kept.run.region != NULL && kept.barrier == CM_BARRIER_NONE) {
        const unsigned char *const memory = cm_guarded_memory(kept.run);
        if (!cm_is_zero(memory, size)) {
            cm_die_with("write after free", " to", memory, size);
        }
    }
}

static void release(struct cm_kept kept) {
    if (kept.run.region != NULL) {
        cm_guarded_free(kept.run, kept.length, kept.purged, kept.barrier);
    }
}

static void check_and_release(struct cm_kept kept) {
    check_kept(kept);
    release(kept);
}

static void release_all(struct part part) {
    for (uint32_t i = 0; i < part.count; i++) {
        cm_lock_acquire(&cm_heap_lock);
        const struct cm_kept kept = take(part.first + i);
        cm_lock_release(&cm_heap_lock);
        check_and_release(kept);
    }
}

void cm_hard_end_quarantine(void) {
    if (cm_hard_on) {
        release_all(quarantine);
    }
}

void cm_hard_drain_cache(void) {
    if (cm_hard_on) {
        release_all(cache);
    }
}

/* Puts it at a random place, in the cache at a vacant one if there is one. What was there is
 * displaced, and others are released until there is room. */
static void insert(struct part part, struct cm_kept kept, void (*displace)(struct cm_kept before)) {
    const uint32_t chosen = cm_hard_random(part.count);
    for (bool is_in = false; !is_in;) {
        cm_lock_acquire(&cm_heap_lock);
        const uint32_t vacant = part.count == CACHE ? find(cache, 0, 0, 0) : NOWHERE;
        const uint32_t place = vacant != NOWHERE ? vacant : part.first + chosen;
        const struct cm_kept before = take(place);
        const struct cm_kept other =
            before.run.region == NULL && !has_room(kept) ? take_like(kept, chosen) : nothing;
        is_in = before.run.region == NULL && other.run.region == NULL;
        if (is_in) {
            put(place, kept);
        }
        cm_lock_release(&cm_heap_lock);
        displace(before);
        check_and_release(other);
    }
}

static void end_waiting(struct cm_kept ripe) {
    if (ripe.run.region != NULL && !ripe.purged && cm_hard_would_keep(ripe)) {
        insert(cache, ripe, check_and_release);
    } else {
        check_and_release(ripe);
    }
}

void cm_hard_keep(struct cm_kept kept) {
    if (cm_hard_would_keep(kept)) {
        insert(quarantine, kept, end_waiting);
    } else {
        release(kept);
    }
}

/* A run of that many chunks, or some more, which are no more than a record can tell. */
static struct cm_kept find_kept(uint32_t length) {
    enum { MOST = (CM_RECORD_MOST >> CM_CHUNK_SHIFT) - 1 };
    const uint32_t more = length / 8 < MOST ? length / 8 : MOST;
    cm_lock_acquire(&cm_heap_lock);
    const struct cm_kept found = take(find(cache, 0, length, more));
    cm_lock_release(&cm_heap_lock);
    return found;
}

unsigned char *cm_hard_reuse(uint32_t *length, enum cm_kind kind) {
    const struct cm_kept kept = find_kept(*length);
    if (kept.run.region == NULL) {
        return NULL;
    }
    unsigned char *const memory = cm_guarded_memory(kept.run);
    const size_t size = (size_t)kept.length << CM_CHUNK_SHIFT;
    if (!cm_unforbid(memory, size, kept.barrier)) {
        return NULL;
    }
    check_kept(kept);
    cm_runs_revive(kept.run, kind);
    *length = kept.length;
    return memory;
}

/* SPDX-License-Identifier: MIT */
#include "hard_kept.h"

#include "hard_cache.h"
#include "hard_canary.h"
#include "hard_guards.h"
#include "hard_record.h"
#include "sys.h"

enum {
    QUARANTINE = 16,
    CACHE = 32,
    KEPT_PART = 8,     /* of what is open, or else */
    KEPT_LEAST = 1024, /* chunks, may be kept resident, */
    KEPT_PURGED = 4096 /* and so many that were given back, where there is no limit */
};

/* In quarantine, and after that to be used again as they are; and chunks of both together, of those
 * that were purged second. Guarded by the heap's lock. */
static struct cm_kept quarantine[QUARANTINE];
static struct cm_kept cache[CACHE];
static uint64_t chunks_kept[2];

static const struct cm_kept nothing = {.run = {NULL, 0}};

/* With the lock held, as the next one. */
static struct cm_kept take(struct cm_kept *place) {
    const struct cm_kept kept = *place;
    *place = nothing;
    chunks_kept[kept.purged] -= kept.length;
    return kept;
}

static uint64_t most_kept(const struct cm_kept *kept) {
    if (kept->purged) {
        return cm_region_limit == UINT64_MAX ? KEPT_PURGED : 0;
    }
    const uint32_t part = kept->run.region->heap.state->opened / KEPT_PART;
    return part > KEPT_LEAST ? part : KEPT_LEAST;
}

static struct cm_kept *vacant(struct cm_kept *places, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (places[i].run.region == NULL) {
            return &places[i];
        }
    }
    return NULL;
}

/* Puts it at a place, and returns what was there. If there is no room for it even then, it is left
 * as it is, else there is nothing in it any more. */
static struct cm_kept exchange_at(struct cm_kept *place, struct cm_kept *kept) {
    struct cm_kept before = nothing;
    const uint64_t most = most_kept(kept);
    if (kept->length <= most) {
        before = take(place);
        if (chunks_kept[kept->purged] + kept->length <= most) {
            chunks_kept[kept->purged] += kept->length;
            *place = *kept;
            *kept = nothing;
        }
    }
    return before;
}

/* Among those in quarantine the place is a random one, and in the cache if there is none vacant. */
static struct cm_kept exchange(struct cm_kept *places, uint32_t count, struct cm_kept *kept) {
    struct cm_kept *const chosen = &places[cm_hard_random(count)];
    cm_lock_acquire(&cm_heap_lock);
    struct cm_kept *const free_place = places == cache ? vacant(places, count) : NULL;
    const struct cm_kept before = exchange_at(free_place != NULL ? free_place : chosen, kept);
    cm_lock_release(&cm_heap_lock);
    return before;
}

/* Stops the program if it wrote to what is kept, as far as that was possible. */
static void check_kept(struct cm_kept kept) {
    const size_t size = (size_t)kept.length << CM_CHUNK_SHIFT;
    if (kept.run.region != NULL && !kept.forbidden) {
        const unsigned char *const memory = cm_guarded_memory(kept.run);
        if (!cm_is_zero(memory, size)) {
            cm_die_with("write after free", " to", memory, size);
        }
    }
}

static void release(struct cm_kept kept) {
    if (kept.run.region != NULL) {
        cm_guarded_free(kept.run, kept.length, kept.purged);
    }
}

static void check_and_release(struct cm_kept kept) {
    check_kept(kept);
    release(kept);
}

static void release_all(struct cm_kept *places, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        cm_lock_acquire(&cm_heap_lock);
        const struct cm_kept kept = take(&places[i]);
        cm_lock_release(&cm_heap_lock);
        check_and_release(kept);
    }
}

void cm_hard_kept_release(void) {
    if (cm_hard_on) {
        release_all(quarantine, QUARANTINE);
        release_all(cache, CACHE);
    }
}

void cm_hard_keep(struct cm_kept kept) {
    struct cm_kept ripe = exchange(quarantine, QUARANTINE, &kept);
    release(kept);
    if (ripe.run.region != NULL && !ripe.purged) {
        check_and_release(exchange(cache, CACHE, &ripe));
    }
    check_and_release(ripe);
}

/* A run of that many chunks, or some more, which are no more than a record can tell. */
static struct cm_kept find_kept(uint32_t length) {
    enum { MOST = (CM_RECORD_MOST >> CM_CHUNK_SHIFT) - 1 };
    const uint32_t more = length / 8 < MOST ? length / 8 : MOST;
    struct cm_kept found = nothing;
    cm_lock_acquire(&cm_heap_lock);
    for (uint32_t i = 0; i < CACHE && found.run.region == NULL; i++) {
        if (cache[i].run.region != NULL && cache[i].length - length <= more) {
            found = take(&cache[i]);
        }
    }
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
    if (kept.forbidden && !cm_unforbid(memory, size)) {
        return NULL;
    }
    check_kept(kept);
    cm_runs_revive(kept.run, kind);
    *length = kept.length;
    return memory;
}

/* SPDX-License-Identifier: MIT */
#include "slab.h"

#include "footprint.h"
#include "hard_cache.h"
#include "out.h"
#include "runs.h"
#include "sys.h"
#include <core/assert.h>
#include <core/bits.h>
#include <string.h>

void cm_heap_is_corrupt(enum chunk_misuse kind, const void *pointer) {
    cm_die(chunk_misuse_name(kind), " at", pointer);
}

static void link_slab(struct cm_slab_list *list, struct cm_slab *slab) {
    slab->previous = NULL;
    slab->next = list->first;
    if (list->first != NULL) {
        list->first->previous = slab;
    }
    list->first = slab;
}

static void unlink_slab(struct cm_slab_list *list, struct cm_slab *slab) {
    if (slab->next != NULL) {
        slab->next->previous = slab->previous;
    }
    if (slab->previous != NULL) {
        slab->previous->next = slab->next;
    } else {
        chunk_require(list->first == slab);
        list->first = slab->next;
    }
    slab->next = NULL;
    slab->previous = NULL;
}

/* reclaim.c reads it without the lock. */
static void set_class(struct cm_slab *slab, unsigned size_class) {
    __atomic_store_n(&slab->size_class, (uint8_t)size_class, __ATOMIC_RELAXED);
}

/* A slab is soon full where many are in use; a single one is a small share of what these take. */
static bool is_worth_populating(uint32_t bare) {
    enum { MANY = 64 }; /* 4 MiB */
    return (size_t)__builtin_popcount(bare) > CM_SLAB_CHUNKS / 2 &&
           cm_counted(&cm_footprint.small_bytes) > MANY * CM_SLAB_SIZE;
}

/* Memory for a slab; NULL is none. */
struct place {
    unsigned char *memory;
    uint16_t bare; /* chunks of it that are not resident */
};

static struct place get_place(void) {
    const struct cm_run_request request = {.length = CM_SLAB_CHUNKS, .align = CM_SLAB_CHUNKS};
    struct cm_run_news news;
    const struct cm_run run = cm_runs_alloc(&request, &news);
    return run.region == NULL
               ? (struct place){NULL, 0}
               : (struct place){cm_chunk_address(run.region, run.chunk), (uint16_t)news.absent};
}

/* Hardened slabs are made at one of two places, so that nobody knows where; the other is kept for
 * the next time, untouched. Guarded by the heap's lock. */
static struct place kept;

static struct place keep(struct place place) {
    cm_lock_acquire(&cm_heap_lock);
    const struct place before = kept;
    kept = place;
    cm_lock_release(&cm_heap_lock);
    return before;
}

static void free_place(struct place place) {
    const struct cm_region *const region = cm_region_of(place.memory);
    if (region != NULL) {
        const size_t chunk = cm_offset_in(region, place.memory) >> CM_CHUNK_SHIFT;
        cm_runs_free_slab((struct cm_run){region, (uint32_t)chunk}, place.bare);
    }
}

void cm_slab_release_kept(void) {
    free_place(keep((struct place){NULL, 0}));
}

static struct place get_hard_place(void) {
    const struct place fresh = get_place();
    struct place other = keep((struct place){NULL, 0});
    if (other.memory == NULL) {
        other = get_place();
    }
    const bool take_other =
        fresh.memory == NULL || (other.memory != NULL && cm_hard_random(2) == 1);
    free_place(keep(take_other ? fresh : other));
    return take_other ? other : fresh;
}

static struct place get_memory(bool hard) {
    struct place place = hard ? get_hard_place() : get_place();
    if (place.memory != NULL && is_worth_populating(place.bare)) {
        cm_sys_populate(place.memory, CM_SLAB_SIZE);
        place.bare = 0;
    }
    return place;
}

/* Releases the lock for as long as it takes to get memory. */
static struct cm_slab *make_slab(struct cm_slab_list *list, unsigned size_class,
                                 struct cm_lock *lock) {
    cm_lock_release(lock);
    const struct place place = get_memory(cm_is_hard(size_class));
    cm_lock_acquire(lock);
    if (place.memory == NULL) {
        return NULL;
    }
    struct cm_slab *const slab = cm_slab_row(cm_region_of(place.memory), place.memory);
    chunk_require(slab->out == 0 && slab->ready == 0 && slab->next == NULL);
    slab->memory = place.memory;
    slab->bare = place.bare;
    set_class(slab, size_class);
    list->slabs++;
    list->idle++;
    link_slab(list, slab);
    return slab;
}

static void release_slab(struct cm_slab_list *list, struct cm_slab *slab) {
    const struct cm_region *const region = cm_region_of(slab->memory);
    const size_t chunk = cm_offset_in(region, slab->memory) >> CM_CHUNK_SHIFT;
    unlink_slab(list, slab);
    if (cm_runs_clear && !cm_is_hard(slab->size_class)) {
        memset(slab->memory, 0, CM_SLAB_SIZE);
    }
    chunk_require(slab->out == 0 && list->slabs > 0 && list->idle > 0);
    const uint32_t hollow = slab->hollow;
    memset(&region->kinds[chunk], CM_KIND_NONE, CM_SLAB_CHUNKS);
    set_class(slab, 0);
    slab->memory = NULL;
    slab->ready = 0;
    slab->carved = 0;
    slab->reached = 0;
    slab->hollow = 0;
    slab->bare = 0;
    slab->low = 0;
    list->slabs--;
    list->idle--;
    cm_count(&cm_footprint.hollow, -(uint64_t)__builtin_popcount(hollow));
    cm_runs_free_slab((struct cm_run){region, (uint32_t)chunk}, hollow);
}

/* ---- taking slots ---- */

static struct cm_slab *slab_with_room(const struct cm_slab_list *list) {
    return list->first == NULL || !list->first->held ? list->first : list->first->next;
}

unsigned cm_slab_take(struct cm_slab_list *list, unsigned size_class, void **blocks, unsigned count,
                      bool alone, struct cm_lock *lock) {
    unsigned taken = 0;
    while (taken < count) {
        struct cm_slab *slab = slab_with_room(list);
        if (slab == NULL && (slab = make_slab(list, size_class, lock)) == NULL) {
            break;
        }
        chunk_require(slab->size_class == size_class && !slab->held);
        list->idle -= slab->out == 0;
        taken += cm_slots_take(slab, blocks + taken, count - taken, alone);
        if (slab->out == cm_classes[size_class].slots) {
            unlink_slab(list, slab);
        }
    }
    list->out += taken;
    cm_count(&cm_footprint.small_bytes, taken * cm_class_size(size_class));
    cm_footprint_grew();
    return taken;
}

/* ---- giving slots back ---- */

static struct cm_slab *slab_of(const void *block) {
    return cm_slab_row(cm_region_of(block), block);
}

void *cm_slab_give(struct cm_slab_list *list, unsigned size_class, void *const *blocks,
                   unsigned count) {
    unsigned given = 0;
    while (given < count) {
        struct cm_slab *const slab = slab_of(blocks[given]);
        const bool was_full = slab->out == cm_classes[size_class].slots;
        const unsigned here = slab->size_class == size_class
                                  ? cm_slots_give(slab, size_class, blocks + given, count - given)
                                  : 0;
        if (here == 0) {
            break;
        }
        given += here;
        if (was_full) {
            link_slab(list, slab);
        }
        if (slab->out == 0 && !slab->held) {
            list->idle++;
            /* One idle slab stays, so that a program at the edge does not make one anew. */
            if (list->idle > 1) {
                release_slab(list, slab);
            }
        }
    }
    list->out -= given;
    cm_count(&cm_footprint.small_bytes, -(uint64_t)(given * cm_class_size(size_class)));
    return given < count ? blocks[given] : NULL;
}

CM_RACES_ON_PURPOSE enum chunk_misuse cm_slab_misuse(const struct cm_region *region,
                                                     const void *address) {
    const size_t chunk = cm_offset_in(region, address) >> CM_CHUNK_SHIFT;
    const struct cm_slab *const slab = cm_slab_row(region, address);
    /* The row of what is not open cannot be read. */
    const bool in_slab = chunk < region->heap.state->opened && slab->size_class != 0;
    return in_slab ? cm_slots_misuse(slab, address) : cm_runs_misuse(region, address);
}

/* ---- giving memory back ---- */

void cm_slab_release_idle(struct cm_slab_list *list) {
    for (struct cm_slab *slab = list->first; slab != NULL;) {
        struct cm_slab *const next = slab->next;
        if (slab->out == 0 && !slab->held) {
            release_slab(list, slab);
        }
        slab = next;
    }
}

static bool purge_chunks(const struct cm_slab *slab, uint32_t chunks) {
    bool purged = true;
    while (chunks != 0) {
        const unsigned first = bits_lowest(chunks);
        const unsigned length = bits_lowest(~(uint64_t)(chunks >> first));
        purged &= cm_sys_purge(slab->memory + ((size_t)first << CM_CHUNK_SHIFT),
                               (size_t)length << CM_CHUNK_SHIFT);
        chunks &= ~(uint32_t)0 << (first + length);
    }
    return purged;
}

size_t cm_slab_hollow(struct cm_slab_list *list, struct cm_slab *slab, struct cm_lock *lock) {
    const uint32_t chunks = cm_slots_empty_chunks(slab) & ~(uint32_t)slab->hollow;
    if (chunks == 0 || slab->out == 0 || cm_sys_page_size() > CM_CHUNK_SIZE) {
        return 0;
    }
    slab->held = true;
    cm_slots_withdraw(slab, chunks);
    cm_lock_release(lock);
    const bool purged = purge_chunks(slab, chunks);
    cm_lock_acquire(lock);
    slab->held = false;
    list->idle += slab->out == 0;
    if (!purged) {
        return 0;
    }
    slab->hollow = (uint16_t)(slab->hollow | chunks);
    cm_count(&cm_footprint.hollow, (uint64_t)__builtin_popcount(chunks));
    return (size_t)__builtin_popcount(chunks) << CM_CHUNK_SHIFT;
}

const char *cm_slab_check(const struct cm_slab_list *list, unsigned size_class) {
    uint32_t idle = 0;
    uint32_t listed = 0;
    const struct cm_slab *previous = NULL;
    for (const struct cm_slab *slab = list->first; slab != NULL; slab = slab->next) {
        const char *const finding = cm_slots_check(slab, size_class);
        if (finding != NULL) {
            return finding;
        }
        if (slab->previous != previous || slab->out == cm_classes[size_class].slots ||
            ++listed > list->slabs) {
            return "the list of slabs with free slots is broken";
        }
        idle += slab->out == 0 && !slab->held;
        previous = slab;
    }
    return idle == list->idle ? NULL : "the count of idle slabs is wrong";
}

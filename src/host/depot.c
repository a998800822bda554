/* SPDX-License-Identifier: MIT */
#include "depot.h"

#include "hard_guards.h"
#include "out.h"
#include "runs.h"
#include <core/assert.h>
#include <string.h>

_Static_assert(sizeof(struct cm_magazine) <= CM_MAGAZINE_SIZE, "a magazine has 512 bytes");

struct cm_depot cm_depots[CM_SLAB_CLASSES + 1] = {
    [0 ... CM_SLAB_CLASSES] = {.lock = CM_LOCK_INITIALISER, .limit = 1},
};

/* Magazines are cut from runs of their own, in which no block of a program starts. */
struct cm_lock cm_depot_pool_lock = CM_LOCK_INITIALISER;
static unsigned char *pool_next;
static unsigned char *pool_end;
size_t cm_depot_internal;

static unsigned char *get_pool(void) {
    if (cm_hard_on) {
        return cm_guarded_alloc(CM_SLAB_CHUNKS, 1, CM_KIND_NONE);
    }
    const struct cm_run_request request = {.length = CM_SLAB_CHUNKS, .align = 1};
    struct cm_run_news news;
    const struct cm_run run = cm_runs_alloc(&request, &news);
    return run.region != NULL ? cm_chunk_address(run.region, run.chunk) : NULL;
}

static struct cm_magazine *make_magazine(void) {
    struct cm_magazine *magazine = NULL;
    cm_lock_acquire(&cm_depot_pool_lock);
    if (pool_next == pool_end) {
        pool_next = get_pool();
        pool_end = pool_next;
        if (pool_next != NULL) {
            pool_end += CM_SLAB_SIZE;
            cm_depot_internal += CM_SLAB_SIZE;
        }
    }
    if (pool_next != NULL) {
        magazine = (struct cm_magazine *)(void *)pool_next;
        pool_next += CM_MAGAZINE_SIZE;
    }
    cm_lock_release(&cm_depot_pool_lock);
    return magazine;
}

static void push(struct cm_magazine **list, uint32_t *count, struct cm_magazine *magazine) {
    magazine->link = (uintptr_t)*list;
    *list = magazine;
    ++*count;
}

static struct cm_magazine *pop(struct cm_magazine **list, uint32_t *count) {
    struct cm_magazine *const magazine = *list;
    if (magazine != NULL) {
        *list = (struct cm_magazine *)magazine->link;
        --*count;
    }
    return magazine;
}

/* Releases the lock, and stops the program if a block turned out to have been freed twice. */
static void release_with(unsigned size_class, const void *freed_twice) {
    cm_lock_release(cm_depot_lock(size_class));
    if (freed_twice != NULL) {
        cm_die("double free", " of", freed_twice);
    }
}

struct cm_magazine *cm_depot_empty(unsigned size_class) {
    struct cm_depot *const depot = &cm_depots[size_class];
    cm_lock_acquire(cm_depot_lock(size_class));
    struct cm_magazine *magazine = pop(&depot->empty, &depot->empty_count);
    cm_lock_release(cm_depot_lock(size_class));
    if (magazine == NULL) {
        magazine = make_magazine();
        if (magazine != NULL) {
            cm_magazine_bottom(magazine, size_class)[-1] = (void *)(uintptr_t)cm_no_block();
        }
    }
    return magazine;
}

/* Half of what the magazine holds, so that it is as far from full as from empty; or less, while
 * little of the class is in use, but always whole cache lines. */
static void **fill(struct cm_depot *depot, unsigned size_class, struct cm_magazine *magazine,
                   bool alone) {
    void *blocks[CM_MAGAZINE_SLOTS];
    const unsigned half = (cm_classes[size_class].magazine + 1u) / 2;
    const unsigned size = (unsigned)cm_class_size(size_class);
    const unsigned in_line = size < 64 ? 64 / size : 1;
    const uint64_t few = (depot->slabs.out / 2 / in_line + 2) * in_line;
    const unsigned wanted = few < half ? (unsigned)few : half;
    const unsigned taken =
        cm_slab_take(&depot->slabs, size_class, blocks, wanted, alone, cm_depot_lock(size_class));
    void **const bottom = cm_magazine_bottom(magazine, size_class);
    for (unsigned i = 0; i < taken; i++) {
        bottom[i] = blocks[taken - 1 - i];
    }
    return bottom + taken;
}

/* There is no full magazine: one that went back to the slabs would have been of use. */
static void miss(struct cm_depot *depot, unsigned size_class) {
    if (depot->drained > 0 && depot->limit < cm_classes[size_class].depot) {
        depot->drained--;
        depot->limit++;
    }
}

void **cm_depot_load(unsigned size_class, struct cm_magazine **magazine, bool alone) {
    struct cm_depot *const depot = &cm_depots[size_class];
    void **top;
    cm_lock_acquire(cm_depot_lock(size_class));
    struct cm_magazine *const full = pop(&depot->full, &depot->full_count);
    if (full != NULL) {
        push(&depot->empty, &depot->empty_count, *magazine);
        *magazine = full;
        top = cm_magazine_end(full);
    } else {
        miss(depot, size_class);
        top = fill(depot, size_class, *magazine, alone);
    }
    cm_lock_release(cm_depot_lock(size_class));
    return top;
}

struct cm_magazine *cm_depot_store(unsigned size_class, struct cm_magazine *full) {
    struct cm_depot *const depot = &cm_depots[size_class];
    struct cm_magazine *empty = NULL;
    void *freed_twice = NULL;
    cm_lock_acquire(cm_depot_lock(size_class));
    if (depot->full_count < depot->limit) {
        empty = pop(&depot->empty, &depot->empty_count);
        push(&depot->full, &depot->full_count, full);
    } else {
        freed_twice = cm_slab_give(&depot->slabs, size_class, cm_magazine_bottom(full, size_class),
                                   cm_classes[size_class].magazine);
        empty = full;
        depot->drained++;
    }
    release_with(size_class, freed_twice);
    return empty != NULL ? empty : cm_depot_empty(size_class);
}

void cm_depot_retire(unsigned size_class, struct cm_magazine *magazine, void **top) {
    struct cm_depot *const depot = &cm_depots[size_class];
    void **const bottom = cm_magazine_bottom(magazine, size_class);
    cm_lock_acquire(cm_depot_lock(size_class));
    void *const freed_twice =
        cm_slab_give(&depot->slabs, size_class, bottom, (unsigned)(top - bottom));
    push(&depot->empty, &depot->empty_count, magazine);
    release_with(size_class, freed_twice);
}

void *cm_depot_take_one(unsigned size_class) {
    struct cm_depot *const depot = &cm_depots[size_class];
    void *block = NULL;
    cm_lock_acquire(cm_depot_lock(size_class));
    const unsigned taken =
        cm_slab_take(&depot->slabs, size_class, &block, 1, false, cm_depot_lock(size_class));
    cm_lock_release(cm_depot_lock(size_class));
    return taken == 1 ? block : NULL;
}

void cm_depot_give_one(unsigned size_class, void *block) {
    cm_depot_give(size_class, &block, 1);
}

unsigned cm_depot_get(unsigned size_class, void **blocks) {
    struct cm_depot *const depot = &cm_depots[size_class];
    unsigned count = cm_classes[size_class].magazine;
    cm_lock_acquire(cm_depot_lock(size_class));
    struct cm_magazine *const full = pop(&depot->full, &depot->full_count);
    if (full != NULL) {
        memcpy(blocks, cm_magazine_bottom(full, size_class), count * sizeof *blocks);
        push(&depot->empty, &depot->empty_count, full);
    } else {
        miss(depot, size_class);
        count = cm_slab_take(&depot->slabs, size_class, blocks, count, false,
                             cm_depot_lock(size_class));
    }
    cm_lock_release(cm_depot_lock(size_class));
    return count;
}

void cm_depot_put(unsigned size_class, void *const *blocks) {
    struct cm_depot *const depot = &cm_depots[size_class];
    const unsigned count = cm_classes[size_class].magazine;
    void *freed_twice = NULL;
    struct cm_magazine *const spare = depot->empty == NULL ? make_magazine() : NULL;
    cm_lock_acquire(cm_depot_lock(size_class));
    if (spare != NULL) {
        push(&depot->empty, &depot->empty_count, spare);
    }
    struct cm_magazine *const empty =
        depot->full_count < depot->limit ? pop(&depot->empty, &depot->empty_count) : NULL;
    if (empty != NULL) {
        memcpy(cm_magazine_bottom(empty, size_class), blocks, count * sizeof *blocks);
        push(&depot->full, &depot->full_count, empty);
    } else {
        freed_twice = cm_slab_give(&depot->slabs, size_class, blocks, count);
        depot->drained++;
    }
    release_with(size_class, freed_twice);
}

void cm_depot_give(unsigned size_class, void *const *blocks, unsigned count) {
    struct cm_depot *const depot = &cm_depots[size_class];
    cm_lock_acquire(cm_depot_lock(size_class));
    release_with(size_class, cm_slab_give(&depot->slabs, size_class, blocks, count));
}

void cm_depot_drain(unsigned size_class) {
    struct cm_depot *const depot = &cm_depots[size_class];
    void *freed_twice = NULL;
    cm_lock_acquire(cm_depot_lock(size_class));
    struct cm_magazine *full;
    while (freed_twice == NULL && (full = pop(&depot->full, &depot->full_count)) != NULL) {
        freed_twice = cm_slab_give(&depot->slabs, size_class, cm_magazine_bottom(full, size_class),
                                   cm_classes[size_class].magazine);
        push(&depot->empty, &depot->empty_count, full);
    }
    depot->limit = 1;
    depot->drained = 0;
    cm_slab_release_idle(&depot->slabs);
    release_with(size_class, freed_twice);
}

size_t cm_depot_hollow(unsigned size_class, struct cm_slab *slab) {
    struct cm_depot *const depot = &cm_depots[size_class];
    cm_lock_acquire(cm_depot_lock(size_class));
    const size_t purged = slab->size_class == size_class
                              ? cm_slab_hollow(&depot->slabs, slab, cm_depot_lock(size_class))
                              : 0;
    cm_lock_release(cm_depot_lock(size_class));
    return purged;
}

bool cm_depot_has(unsigned size_class, const void *block) {
    struct cm_depot *const depot = &cm_depots[size_class];
    cm_lock_acquire(cm_depot_lock(size_class));
    bool found = !cm_slots_is_out(size_class, block);
    for (struct cm_magazine *magazine = depot->full; magazine != NULL && !found;
         magazine = (struct cm_magazine *)magazine->link) {
        void *const *slot = cm_magazine_bottom(magazine, size_class);
        while (!found && slot < cm_magazine_end(magazine)) {
            found = *slot++ == block;
        }
    }
    cm_lock_release(cm_depot_lock(size_class));
    return found;
}

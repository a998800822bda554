/* SPDX-License-Identifier: MIT */
#include "hard_runs.h"

#include "footprint.h"
#include "hard_cache.h"
#include "hard_canary.h"
#include "hard_record.h"
#include "sys.h"
#include <core/arith.h>
#include <core/assert.h>

enum {
    GUARDS = 2, /* chunks: one before and one behind */
    MOST_GUARDED =
        8192, /* runs; each may split a mapping in three, of which a process has 65 530 */
    QUARANTINE = 16,
    CACHE = 32,
    LONG = 1024,       /* chunks: is given back at once */
    KEPT_PART = 8,     /* of what is open, or else */
    KEPT_LEAST = 1024, /* chunks, may be kept resident, */
    KEPT_PURGED = 4096 /* and so many that were given back, where there is no limit */
};

/* ---- guards ---- */

static uint32_t runs; /* that are not free */

static bool can_forbid(void) {
    return cm_sys_page_size() <= CM_CHUNK_SIZE && !cm_sys_data_is_limited();
}

static bool can_guard(void) {
    return __atomic_load_n(&runs, __ATOMIC_RELAXED) < MOST_GUARDED && can_forbid();
}

static void guard(const struct cm_region *region, uint32_t chunk) {
    (void)cm_sys_forbid(cm_chunk_address(region, chunk), CM_CHUNK_SIZE);
}

static struct cm_run run_of(struct cm_place place, const void *block) {
    const size_t chunk = cm_offset_in(place.region, block) >> CM_CHUNK_SHIFT;
    return (struct cm_run){place.region, (uint32_t)chunk - 1};
}

/* Of the block's own chunks. */
static uint32_t length_of(struct cm_run run) {
    return cm_runs_length(run) - GUARDS;
}

/* ---- runs that wait ---- */

/* A run that is marked as freed, with its guards. */
struct kept {
    struct cm_run run;
    uint32_t length; /* of the block's own chunks */
    bool purged;     /* its memory was given back; else it is zero */
    bool forbidden;  /* all of it is inaccessible, not only the guards */
};

/* In quarantine, and after that to be used again as they are; and chunks of both together, of those
 * that were purged second. Guarded by the heap's lock. */
static struct kept quarantine[QUARANTINE];
static struct kept cache[CACHE];
static uint64_t chunks_kept[2];

static const struct kept nothing = {.run = {NULL, 0}};

/* With the lock held, as the next one. */
static struct kept take(struct kept *place) {
    const struct kept kept = *place;
    *place = nothing;
    chunks_kept[kept.purged] -= kept.length;
    return kept;
}

static uint64_t most_kept(const struct kept *kept) {
    if (kept->purged) {
        return cm_region_limit == UINT64_MAX ? KEPT_PURGED : 0;
    }
    const uint32_t part = kept->run.region->heap.state->opened / KEPT_PART;
    return part > KEPT_LEAST ? part : KEPT_LEAST;
}

static struct kept *vacant(struct kept *places, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (places[i].run.region == NULL) {
            return &places[i];
        }
    }
    return NULL;
}

/* Puts it at a place, and returns what was there. If there is no room for it even then, it is left
 * as it is, else there is nothing in it any more. */
static struct kept exchange_at(struct kept *place, struct kept *kept) {
    struct kept before = nothing;
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
static struct kept exchange(struct kept *places, uint32_t count, struct kept *kept) {
    struct kept *const chosen = &places[cm_hard_random(count)];
    cm_lock_acquire(&cm_heap_lock);
    struct kept *const free_place = places == cache ? vacant(places, count) : NULL;
    const struct kept before = exchange_at(free_place != NULL ? free_place : chosen, kept);
    cm_lock_release(&cm_heap_lock);
    return before;
}

/* Stops the program if it wrote to what is kept, as far as that was possible. */
static void check_kept(struct kept kept) {
    const size_t size = (size_t)kept.length << CM_CHUNK_SHIFT;
    if (kept.run.region != NULL && !kept.forbidden) {
        const unsigned char *const memory = cm_chunk_address(kept.run.region, kept.run.chunk + 1);
        if (!cm_is_zero(memory, size)) {
            cm_die_with("write after free", " to", memory, size);
        }
    }
}

/* Frees it; if it cannot be made accessible, it is lost. */
static void release(struct kept kept) {
    if (kept.run.region == NULL) {
        return;
    }
    unsigned char *const start = cm_chunk_address(kept.run.region, kept.run.chunk);
    const size_t size = (size_t)(kept.length + GUARDS) << CM_CHUNK_SHIFT;
    const bool guards = cm_sys_page_size() <= CM_CHUNK_SIZE;
    if (!guards || cm_sys_unlock(start, size)) {
        (void)__atomic_fetch_sub(&runs, 1, __ATOMIC_RELAXED);
        cm_runs_free_condemned(kept.run, kept.purged);
    }
}

static void check_and_release(struct kept kept) {
    check_kept(kept);
    release(kept);
}

static void release_all(struct kept *places, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        cm_lock_acquire(&cm_heap_lock);
        const struct kept kept = take(&places[i]);
        cm_lock_release(&cm_heap_lock);
        check_and_release(kept);
    }
}

void cm_hard_runs_release(void) {
    if (cm_hard_on) {
        release_all(quarantine, QUARANTINE);
        release_all(cache, CACHE);
    }
}

/* Of one that is just freed. */
static void keep(struct kept kept) {
    struct kept ripe = exchange(quarantine, QUARANTINE, &kept);
    release(kept);
    if (ripe.run.region != NULL && !ripe.purged) {
        check_and_release(exchange(cache, CACHE, &ripe));
    }
    check_and_release(ripe);
}

/* A run of that many chunks, or some more, which are no more than a record can tell. */
static struct kept find_kept(uint32_t length) {
    enum { MOST = (CM_RECORD_MOST >> CM_CHUNK_SHIFT) - 1 };
    const uint32_t more = length / 8 < MOST ? length / 8 : MOST;
    struct kept found = nothing;
    cm_lock_acquire(&cm_heap_lock);
    for (uint32_t i = 0; i < CACHE && found.run.region == NULL; i++) {
        if (cache[i].run.region != NULL && cache[i].length - length <= more) {
            found = take(&cache[i]);
        }
    }
    cm_lock_release(&cm_heap_lock);
    return found;
}

/* The memory of length chunks, which is set to how many there are, that a block had before; NULL if
 * there is none. Stops the program if it was written to since. */
static unsigned char *reuse(uint32_t *length, enum cm_kind kind) {
    const struct kept kept = find_kept(*length);
    if (kept.run.region == NULL) {
        return NULL;
    }
    unsigned char *const memory = cm_chunk_address(kept.run.region, kept.run.chunk + 1);
    const size_t size = (size_t)kept.length << CM_CHUNK_SHIFT;
    if (kept.forbidden && !cm_sys_unlock(memory, size)) {
        return NULL;
    }
    check_kept(kept);
    cm_runs_revive(kept.run, kind);
    *length = kept.length;
    return memory;
}

/* ---- allocation ---- */

/* The memory of length chunks between guards, or NULL. */
static unsigned char *make_run(uint64_t length, uint64_t align, enum cm_kind kind) {
    if (length + GUARDS > CHUNK_HEAP_MAX_CHUNKS || align > CHUNK_HEAP_MAX_CHUNKS) {
        return NULL;
    }
    const struct cm_run_request request = {
        .length = (uint32_t)length + GUARDS,
        .align = (uint32_t)align,
        .before = 1,
        .kind = (uint8_t)kind,
    };
    struct cm_run_news news;
    const struct cm_run run = cm_runs_alloc(&request, &news);
    if (run.region == NULL) {
        return NULL;
    }
    (void)__atomic_fetch_add(&runs, 1, __ATOMIC_RELAXED);
    if (can_guard()) {
        guard(run.region, run.chunk);
        guard(run.region, run.chunk + (uint32_t)length + 1);
    }
    return cm_chunk_address(run.region, run.chunk + 1);
}

unsigned char *cm_hard_pool_alloc(uint32_t chunks) {
    return make_run(chunks, 1, CM_KIND_NONE);
}

static struct cm_place place_at(const void *memory, enum cm_kind kind) {
    return (struct cm_place){cm_region_of(memory), kind};
}

void *cm_hard_large_alloc(size_t size, size_t alignment, const void *caller) {
    const uint64_t align = alignment > CM_CHUNK_SIZE ? alignment >> CM_CHUNK_SHIFT : 1;
    const uint64_t wanted = size != 0 ? cm_large_chunks(size) : 1;
    uint32_t length = wanted < CHUNK_HEAP_MAX_CHUNKS ? (uint32_t)wanted : CHUNK_HEAP_MAX_CHUNKS;
    unsigned char *block = align == 1 ? reuse(&length, CM_KIND_HARD_LARGE) : NULL;
    block = block != NULL ? block : make_run(length, align, CM_KIND_HARD_LARGE);
    if (block != NULL) {
        const size_t slack = ((size_t)length << CM_CHUNK_SHIFT) - size;
        cm_canary_put(block, size, slack);
        cm_record_set(cm_record(place_at(block, CM_KIND_HARD_LARGE), block),
                      cm_record_live(slack, cm_site_number(caller)));
    }
    return block;
}

/* From the start of the chunk, in which the block has at least a byte. */
static size_t tight_offset(size_t size) {
    return CM_CHUNK_SIZE - (size_t)arith_round_up(size, CM_GRANULE);
}

void *cm_hard_tight_alloc(size_t size, size_t alignment, const void *caller) {
    if (alignment > CM_GRANULE || size == 0 || size > CM_CHUNK_SIZE || !can_guard()) {
        return NULL;
    }
    uint32_t length = 1;
    unsigned char *memory = reuse(&length, CM_KIND_HARD_TIGHT);
    memory = memory != NULL ? memory : make_run(1, 1, CM_KIND_HARD_TIGHT);
    if (memory == NULL) {
        return NULL;
    }
    void *const block = memory + tight_offset(size);
    cm_canary_put(block, size, CM_CHUNK_SIZE - tight_offset(size) - size);
    cm_record_set(cm_record(place_at(block, CM_KIND_HARD_TIGHT), block),
                  cm_record_live(size, cm_site_number(caller)));
    return block;
}

/* ---- what is known of them ---- */

bool cm_hard_run_is_live(struct cm_place place, const void *block) {
    const uint32_t record = cm_record_get(cm_record(place, block));
    if (place.kind == CM_KIND_HARD_FREED || !cm_record_is_live(record)) {
        return false;
    }
    const size_t offset = (uintptr_t)block % CM_CHUNK_SIZE;
    return offset == (place.kind == CM_KIND_HARD_TIGHT ? tight_offset(cm_record_told(record)) : 0);
}

/* The slack of a live block, by what its record says; *size is set to its size. */
static size_t slack_of(struct cm_place place, const void *block, uint32_t record, size_t *size) {
    const size_t told = cm_record_told(record);
    if (place.kind == CM_KIND_HARD_TIGHT) {
        *size = told;
        return CM_CHUNK_SIZE - tight_offset(*size) - *size;
    }
    *size = ((size_t)length_of(run_of(place, block)) << CM_CHUNK_SHIFT) - told;
    return told;
}

size_t cm_hard_run_size(struct cm_place place, const void *block) {
    size_t size;
    (void)slack_of(place, block, cm_record_get(cm_record(place, block)), &size);
    return size;
}

size_t cm_hard_freed_size(struct cm_place place, const void *block) {
    return (size_t)length_of(run_of(place, block)) << CM_CHUNK_SHIFT;
}

/* ---- freeing ---- */

bool cm_hard_run_free(struct cm_place place, void *block, const void *caller) {
    if (!cm_hard_run_is_live(place, block)) {
        return false;
    }
    const uint32_t record = cm_record_end(cm_record(place, block), cm_site_number(caller));
    size_t size;
    const size_t slack = slack_of(place, block, record, &size);
    cm_canary_check(block, size, slack);
    const struct cm_run run = run_of(place, block);
    struct kept kept = {.run = run, .length = length_of(run)};
    unsigned char *const memory = cm_chunk_address(run.region, run.chunk + 1);
    const size_t bytes = (size_t)kept.length << CM_CHUNK_SHIFT;
    /* To make memory anew takes several times as long as to write zeros, but of a long block the
     * program may have used little. */
    kept.purged =
        kept.length > LONG && cm_sys_page_size() <= CM_CHUNK_SIZE && cm_sys_purge(memory, bytes);
    if (!kept.purged) {
        memset(memory, 0, bytes);
    }
    cm_runs_condemn(run, kept.purged);
    if ((kept.purged || place.kind == CM_KIND_HARD_TIGHT) && can_forbid()) {
        kept.forbidden = cm_sys_forbid(memory, bytes);
    }
    keep(kept);
    return true;
}

/* ---- resizing ---- */

/* The guard behind the block moves. What is given up is given back first: free memory is zero. */
static bool change_length(struct cm_run run, uint32_t old, uint32_t length) {
    unsigned char *const behind = cm_chunk_address(run.region, run.chunk + 1 + old);
    if (cm_sys_page_size() > CM_CHUNK_SIZE) {
        return false;
    }
    if (length < old) {
        unsigned char *const surplus = cm_chunk_address(run.region, run.chunk + 1 + length);
        if (!cm_sys_purge(surplus, (size_t)(old - length) << CM_CHUNK_SHIFT)) {
            return false;
        }
    }
    if (!cm_sys_unlock(behind, CM_CHUNK_SIZE)) {
        return false;
    }
    const bool changed = cm_runs_resize(run, length + GUARDS);
    if (can_guard()) {
        guard(run.region, run.chunk + 1 + (changed ? length : old));
    }
    return changed;
}

bool cm_hard_run_resize(struct cm_place place, void *block, size_t size) {
    size_t old;
    const size_t slack = slack_of(place, block, cm_record_get(cm_record(place, block)), &old);
    cm_canary_check(block, old, slack);
    const uint64_t length = cm_large_chunks(size);
    if (place.kind == CM_KIND_HARD_TIGHT || size <= CM_SMALL_MAX ||
        length + GUARDS > CHUNK_HEAP_MAX_CHUNKS) {
        return false;
    }
    const struct cm_run run = run_of(place, block);
    const uint32_t old_length = length_of(run);
    if (length != old_length && !change_length(run, old_length, (uint32_t)length)) {
        cm_canary_put(block, old, slack);
        return false;
    }
    const size_t all = (size_t)length << CM_CHUNK_SHIFT;
    const size_t kept = size < old ? size : old;
    const size_t written = old + cm_canary_size(slack);
    memset((unsigned char *)block + kept, 0, (written < all ? written : all) - kept);
    cm_canary_put(block, size, all - size);
    uint32_t *const record = cm_record(place, block);
    cm_record_set(record, cm_record_live(all - size, cm_record_alloc_site(cm_record_get(record))));
    return true;
}

/* ---- blocks of no bytes ---- */

enum { ZEROS = 16384 };

static unsigned char *zero_memory;
static struct chunk_heap zero_heap; /* guarded by the heap's lock */
static _Alignas(16) unsigned char zero_bookkeeping[CHUNK_HEAP_BOOKKEEPING_SIZE(
    ZEROS, CHUNK_HEAP_NODES_OUTSIDE)];

static void refuse_zero(enum chunk_misuse kind, const void *pointer) {
    switch (kind) {
    case CHUNK_MISUSE_MISALIGNED:
        cm_die("free", " of misaligned pointer", pointer);
    case CHUNK_MISUSE_OUTSIDE:
        cm_die("free", " of invalid pointer", pointer);
    default:
        cm_die_with(chunk_misuse_name(kind), " of", pointer, 0);
    }
}

static bool start_zero(void) {
    const size_t size = (size_t)ZEROS * CM_GRANULE;
    const size_t guarded = size + GUARDS * CM_SLAB_SIZE;
    unsigned char *const start = (unsigned char *)cm_sys_reserve(guarded);
    if (start == NULL) {
        return false;
    }
    zero_memory = start + CM_SLAB_SIZE;
    const enum chunk_heap_error error =
        chunk_heap_init(&zero_heap, zero_memory, size, CM_GRANULE, zero_bookkeeping,
                        sizeof zero_bookkeeping, CHUNK_HEAP_NODES_OUTSIDE | CHUNK_HEAP_ZEROED);
    zero_heap.misuse = refuse_zero;
    return error == CHUNK_HEAP_OK;
}

bool cm_hard_is_zero(const void *address) {
    return cm_hard_on && (uintptr_t)address - (uintptr_t)zero_memory < (size_t)ZEROS * CM_GRANULE;
}

void *cm_hard_zero_alloc(void) {
    cm_lock_acquire(&cm_heap_lock);
    void *const block = chunk_alloc(&zero_heap, 1);
    cm_lock_release(&cm_heap_lock);
    return block;
}

void cm_hard_zero_free(void *block) {
    cm_lock_acquire(&cm_heap_lock);
    chunk_free(&zero_heap, block);
    cm_lock_release(&cm_heap_lock);
}

/* ---- the start ---- */

/* A run that is never free, of up to 1 MiB. */
static void shift_heap(void) {
    enum { MOST = 256, LEAST_HEAP = 4096 };
    const uint32_t length = cm_region_limit < LEAST_HEAP ? 1 : 1 + cm_hard_random(MOST);
    unsigned char *const memory = make_run(length, 1, CM_KIND_HARD_LARGE);
    if (memory != NULL) {
        cm_runs_condemn(run_of(place_at(memory, CM_KIND_HARD_LARGE), memory), true);
        if (can_forbid()) {
            (void)cm_sys_forbid(memory, (size_t)length << CM_CHUNK_SHIFT);
        }
    }
}

bool cm_hard_runs_start(void) {
    cm_lock_acquire(&cm_heap_lock);
    const bool reserved = cm_region_harden();
    cm_lock_release(&cm_heap_lock);
    if (!reserved || !start_zero()) {
        return false;
    }
    shift_heap();
    return true;
}

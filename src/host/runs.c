/* SPDX-License-Identifier: MIT */
#include "runs.h"

#include "footprint.h"
#include "inside.h"
#include "sys.h"
#include <core/arith.h>
#include <core/run.h>
#include <string.h>

struct cm_lock cm_heap_lock = CM_LOCK_INITIALISER;
struct cm_lock cm_purge_lock = CM_LOCK_INITIALISER;
uint64_t cm_runs_purged;
uint64_t cm_runs_failures;
bool cm_runs_clear;
uint64_t cm_runs_condemned;
uint64_t cm_runs_condemned_chunks;

static bool purging; /* guarded by the heap's lock; true only while cm_purge_lock is held */

/* Of a time measured in chunks freed: see surplus. */
static struct {
    uint64_t freed;  /* chunks, since it began */
    uint64_t lowest; /* of free and resident chunks since then */
} window;

static const struct cm_region *const regions[] = {&cm_section, &cm_second};
enum { REGIONS = 2 };

static bool exists(const struct cm_region *region) {
    return region == &cm_section || cm_second_size != 0;
}

/* ---- which chunks may be resident ---- */

static uint32_t count_touched(const struct cm_region *region, uint32_t chunk, uint32_t length) {
    uint32_t count = 0;
    for (uint32_t at = chunk, end = chunk + length; at < end;) {
        const uint32_t last = end - 1 < (at | 63) ? end - 1 : at | 63;
        const uint64_t mask = bits_up_to(last) & ~(bits_one(at) - 1);
        count += (uint32_t)__builtin_popcountll(region->touched[at / 64] & mask);
        at = last + 1;
    }
    return count;
}

static void set_touched(const struct cm_region *region, uint32_t chunk, uint32_t length,
                        bool touched) {
    for (uint32_t at = chunk, end = chunk + length; at < end;) {
        const uint32_t last = end - 1 < (at | 63) ? end - 1 : at | 63;
        const uint64_t mask = bits_up_to(last) & ~(bits_one(at) - 1);
        uint64_t *const word = &region->touched[at / 64];
        *word = touched ? *word | mask : *word & ~mask;
        at = last + 1;
    }
}

static uint64_t dirty_now(void) {
    return cm_counted(&cm_footprint.dirty);
}

static void change_dirty(const struct cm_region *region, uint32_t change) {
    region->use->free_dirty += change;
    cm_count(&cm_footprint.dirty, (uint64_t)(int64_t)(int32_t)change);
}

/* A bit for each of the first chunks, up to 64, that is not resident. */
static uint64_t absent_first(const struct cm_region *region, uint32_t chunk, uint32_t length) {
    const uint32_t shift = chunk & 63;
    uint64_t touched = region->touched[chunk / 64] >> shift;
    if (shift != 0 && length > 64 - shift) {
        touched |= region->touched[chunk / 64 + 1] << (64 - shift);
    }
    return ~touched & bits_up_to(length < 64 ? length - 1 : 63);
}

/* fresh: chunks at the end that were never used before. */
static void leaves_free(const struct cm_region *region, uint32_t chunk, uint32_t length,
                        uint32_t fresh) {
    const uint32_t dirty = count_touched(region, chunk, length);
    chunk_require(region->use->free_dirty >= dirty && dirty + fresh <= length);
    change_dirty(region, -dirty);
    set_touched(region, chunk, length, true);
    window.lowest = dirty_now() < window.lowest ? dirty_now() : window.lowest;
    cm_count(&cm_footprint.used, length);
    cm_count(&cm_footprint.taken, length);
    cm_count(&cm_footprint.again, length - dirty - fresh);
}

static void becomes_free(const struct cm_region *region, uint32_t chunk, uint32_t length) {
    change_dirty(region, count_touched(region, chunk, length));
    cm_count(&cm_footprint.used, -(uint64_t)length);
    window.freed += length;
}

/* Free chunks that the program has shown it does without: those that were free and resident all the
 * while it freed many times what it uses. 0 if there are few, or it is too early to say. */
static uint64_t surplus(void) {
    enum { FEW = 256, MANY_TIMES = 32 };
    const uint64_t used = cm_counted(&cm_footprint.used);
    const uint64_t keep = cm_counted(&cm_footprint.keep);
    if (window.freed < (used > FEW ? used : FEW) * MANY_TIMES) {
        return 0;
    }
    const uint64_t lowest = window.lowest < dirty_now() ? window.lowest : dirty_now();
    window.freed = 0;
    window.lowest = dirty_now();
    return lowest > keep ? lowest - keep : 0;
}

/* ---- allocation ---- */

static uint32_t alloc_in(const struct cm_region *region, const struct cm_run_request *request) {
    if (request->will_grow) {
        const uint32_t roomy = chunk_run_alloc_roomy(&region->heap, request->length);
        if (roomy != RUN_NONE) {
            return roomy;
        }
    }
    const uintptr_t base = (uintptr_t)region->heap.memory >> CM_CHUNK_SHIFT;
    const uint32_t phase = (uint32_t)((base + request->before) & (request->align - 1));
    uint32_t chunk = chunk_run_alloc(&region->heap, request->length, request->align, phase);
    if (chunk == RUN_NONE) {
        const uint64_t most =
            (uint64_t)region->heap.state->frontier + request->length + request->align - 1;
        if (cm_region_open(region, most)) {
            chunk = chunk_run_alloc(&region->heap, request->length, request->align, phase);
        }
    }
    return chunk;
}

/* Chunks of [chunk, chunk + length) at or above those that had been handed out before. */
static uint32_t above(uint32_t handed_out, uint32_t chunk, uint32_t length) {
    const uint32_t end = chunk + length;
    const uint32_t beyond = end <= handed_out ? 0 : end - handed_out;
    return beyond < length ? beyond : length;
}

/* *fresh is set to the chunks at the run's end that were never used before. */
static struct cm_run alloc_locked(const struct cm_run_request *request, uint32_t *fresh) {
    for (unsigned i = 0; i < REGIONS; i++) {
        const struct cm_region *const region = regions[i];
        const uint64_t most = (uint64_t)request->length + request->align;
        if (!exists(region) && !cm_region_reserve_second(most)) {
            break;
        }
        const uint32_t handed_out = region->heap.state->touched;
        const uint32_t chunk = alloc_in(region, request);
        if (chunk != RUN_NONE) {
            *fresh = above(handed_out, chunk, request->length);
            return (struct cm_run){region, chunk};
        }
    }
    cm_runs_failures++;
    return (struct cm_run){NULL, 0};
}

static void enter(struct cm_run run, const struct cm_run_request *request) {
    if (request->kind != CM_KIND_NONE) {
        run.region->kinds[run.chunk + request->before] = request->kind;
        cm_count(&cm_footprint.large, request->length);
    }
}

/* Takes the heap's lock. */
static struct cm_run alloc_once(const struct cm_run_request *request, struct cm_run_news *news,
                                bool *purging_now) {
    *news = (struct cm_run_news){0, 0};
    cm_lock_acquire(&cm_heap_lock);
    const struct cm_run run = alloc_locked(request, &news->fresh);
    if (run.region != NULL) {
        news->absent = absent_first(run.region, run.chunk, request->length);
        leaves_free(run.region, run.chunk, request->length, news->fresh);
        enter(run, request);
    }
    *purging_now = purging;
    cm_lock_release(&cm_heap_lock);
    return run;
}

struct cm_run cm_runs_alloc(const struct cm_run_request *request, struct cm_run_news *news) {
    bool purging_now = false;
    struct cm_run run = alloc_once(request, news, &purging_now);
    if (run.region == NULL && purging_now) {
        /* The run that another thread is just giving back may be what is missing. */
        cm_lock_acquire(&cm_purge_lock);
        run = alloc_once(request, news, &purging_now);
        cm_lock_release(&cm_purge_lock);
    }
    cm_footprint_grew();
    return run;
}

/* ---- freeing ---- */

static void free_locked(struct cm_run run) {
    const uint32_t length = chunk_run_length(&run.region->heap, run.chunk);
    uint8_t *const kinds = &run.region->kinds[run.chunk];
    if (*kinds == CM_KIND_LARGE) {
        *kinds = CM_KIND_NONE;
        cm_count(&cm_footprint.large, -(uint64_t)length);
    }
    (void)chunk_run_free(&run.region->heap, run.chunk);
    becomes_free(run.region, run.chunk, length);
}

static size_t purge(uint64_t keep);

/* Releases the lock; then gives back what has turned out to be surplus. */
static void release_and_purge(void) {
    const uint64_t unneeded = surplus();
    const uint64_t dirty = dirty_now();
    cm_lock_release(&cm_heap_lock);
    if (unneeded > 0 && unneeded > cm_footprint_debt() && cm_lock_try(&cm_purge_lock)) {
        (void)purge(dirty - unneeded);
        cm_lock_release(&cm_purge_lock);
    }
}

void cm_runs_free_slab(struct cm_run run, uint32_t hollow) {
    cm_lock_acquire(&cm_heap_lock);
    for (uint32_t i = 0; i < CM_SLAB_CHUNKS; i++) {
        if ((hollow >> i & 1) != 0) {
            set_touched(run.region, run.chunk + i, 1, false);
        }
    }
    free_locked(run);
    release_and_purge();
}

/* With the lock held: few runs are older than the hardened mode. */
static void clear(struct cm_run run) {
    unsigned char *const memory = cm_chunk_address(run.region, run.chunk);
    const size_t size = (size_t)chunk_run_length(&run.region->heap, run.chunk) << CM_CHUNK_SHIFT;
    if (cm_sys_page_size() > CM_CHUNK_SIZE || !cm_sys_purge(memory, size)) {
        memset(memory, 0, size);
    }
}

bool cm_runs_free_large(struct cm_run run) {
    if (!cm_enter()) {
        cm_set_aside(cm_chunk_address(run.region, run.chunk));
        return true;
    }
    cm_lock_acquire(&cm_heap_lock);
    const bool is_large = run.region->kinds[run.chunk] == CM_KIND_LARGE;
    if (is_large) {
        if (cm_runs_clear) {
            clear(run);
        }
        free_locked(run);
    }
    release_and_purge();
    cm_leave();
    return is_large;
}

/* ---- runs with guards ---- */

/* What is condemned is used, but nobody's, and not resident if it was purged. */
static void count_condemned(bool more, uint32_t length, bool purged) {
    const uint64_t change = more ? length : -(uint64_t)length;
    cm_runs_condemned += more ? 1 : -(uint64_t)1;
    cm_runs_condemned_chunks += change;
    cm_count(&cm_footprint.hollow, purged ? change : 0);
}

void cm_runs_condemn(struct cm_run run, bool purged) {
    cm_lock_acquire(&cm_heap_lock);
    uint8_t *const kind = &run.region->kinds[run.chunk + 1];
    const uint32_t length = chunk_run_length(&run.region->heap, run.chunk);
    chunk_require(*kind == CM_KIND_HARD_LARGE || *kind == CM_KIND_HARD_TIGHT);
    *kind = CM_KIND_HARD_FREED;
    cm_count(&cm_footprint.large, -(uint64_t)length);
    count_condemned(true, length, purged);
    cm_lock_release(&cm_heap_lock);
}

void cm_runs_revive(struct cm_run run, enum cm_kind kind) {
    cm_lock_acquire(&cm_heap_lock);
    const uint32_t length = chunk_run_length(&run.region->heap, run.chunk);
    run.region->kinds[run.chunk + 1] = (uint8_t)kind;
    cm_count(&cm_footprint.large, length);
    count_condemned(false, length, false);
    cm_lock_release(&cm_heap_lock);
}

void cm_runs_free_condemned(struct cm_run run, bool purged) {
    cm_lock_acquire(&cm_heap_lock);
    uint8_t *const kind = &run.region->kinds[run.chunk + 1];
    const uint32_t length = chunk_run_length(&run.region->heap, run.chunk);
    chunk_require(*kind == CM_KIND_HARD_FREED);
    *kind = CM_KIND_NONE;
    count_condemned(false, length, purged);
    if (purged) {
        set_touched(run.region, run.chunk, length, false);
    }
    free_locked(run);
    release_and_purge();
}

/* ---- resizing ---- */

static bool resize_in_place(const struct chunk_heap *heap, uint32_t chunk, uint32_t length) {
    return length <= heap->chunks && chunk_run_resize(heap, chunk, length, false) != RUN_NONE;
}

bool cm_runs_resize(struct cm_run run, uint32_t length) {
    const struct chunk_heap *const heap = &run.region->heap;
    cm_lock_acquire(&cm_heap_lock);
    const uint32_t old = chunk_run_length(heap, run.chunk);
    const uint32_t handed_out = heap->state->touched;
    bool resized =
        !(cm_runs_clear && length < old && run.region->kinds[run.chunk] == CM_KIND_LARGE) &&
        resize_in_place(heap, run.chunk, length);
    if (!resized && length > old && run.chunk + old == heap->state->frontier &&
        cm_region_open(run.region, (uint64_t)run.chunk + length)) {
        resized = resize_in_place(heap, run.chunk, length);
    }
    if (resized && length > old) {
        const uint32_t end = run.chunk + old;
        (void)leaves_free(run.region, end, length - old, above(handed_out, end, length - old));
        cm_count(&cm_footprint.large, length - old);
    } else if (resized && length < old) {
        becomes_free(run.region, run.chunk + length, old - length);
        cm_count(&cm_footprint.large, -(uint64_t)(old - length));
    }
    release_and_purge();
    return resized;
}

/* In a handler without the lock: where a live run ends is not changed by what others do. */
uint32_t cm_runs_length(struct cm_run run) {
    if (!cm_enter()) {
        return chunk_run_length(&run.region->heap, run.chunk);
    }
    cm_lock_acquire(&cm_heap_lock);
    const uint32_t length = chunk_run_length(&run.region->heap, run.chunk);
    cm_lock_release(&cm_heap_lock);
    cm_leave();
    return length;
}

enum chunk_misuse cm_runs_misuse(const struct cm_region *region, const void *address) {
    const struct chunk_heap *const heap = &region->heap;
    const uint32_t chunk = (uint32_t)(cm_offset_in(region, address) >> CM_CHUNK_SHIFT);
    enum chunk_misuse kind = CHUNK_MISUSE_OUTSIDE;
    if (!cm_enter()) {
        return kind;
    }
    cm_lock_acquire(&cm_heap_lock);
    if (chunk >= heap->state->frontier) {
        kind = chunk < heap->state->touched ? CHUNK_MISUSE_DOUBLE_FREE : CHUNK_MISUSE_OUTSIDE;
    } else {
        const uint32_t start = chunk_bitmap_start_of(heap, chunk);
        if (!chunk_bitmap_is_live(heap, start) || region->kinds[chunk] == CM_KIND_HARD_FREED) {
            kind = CHUNK_MISUSE_DOUBLE_FREE;
        } else if (region->kinds[start] != CM_KIND_NONE ||
                   region->kinds[start + 1] >= CM_KIND_HARD_LARGE) {
            kind = CHUNK_MISUSE_INTERIOR;
        }
    }
    cm_lock_release(&cm_heap_lock);
    cm_leave();
    return kind;
}

/* ---- purging ---- */

/* The next free run at or after the cursor that may be resident, or what is above the frontier,
 * claimed so that no other thread takes it meanwhile; RUN_NONE when there is none. */
static uint32_t claim_dirty(const struct cm_region *region, uint32_t *length) {
    const struct chunk_heap *const heap = &region->heap;
    uint32_t chunk = region->use->cursor;
    const uint32_t handed_out = heap->state->touched;
    while (chunk < handed_out) {
        const uint64_t word = region->touched[chunk / 64] >> (chunk & 63);
        if (word == 0) {
            chunk = (chunk | 63) + 1;
            continue;
        }
        chunk += bits_lowest(word);
        if (chunk >= handed_out) {
            break;
        }
        const uint32_t frontier = heap->state->frontier;
        const uint32_t start = chunk < frontier ? chunk_bitmap_start_of(heap, chunk) : frontier;
        if (start == frontier || chunk_bitmap_is_free(heap, start)) {
            *length = chunk_run_claim(heap, start);
            region->use->cursor = start + *length;
            return start;
        }
        chunk = start + chunk_run_length(heap, start);
    }
    return RUN_NONE;
}

/* Called with the lock held, and returns so; the lock is released while the system works. */
static size_t purge_run(const struct cm_region *region, uint32_t start, uint32_t length) {
    const uint32_t page = (uint32_t)(cm_sys_page_size() >> CM_CHUNK_SHIFT);
    const uint32_t base = (uint32_t)((uintptr_t)region->heap.memory >> CM_CHUNK_SHIFT) % page;
    const uint32_t first = (uint32_t)arith_round_up(base + start, page) - base;
    const uint32_t end = (base + start + length) / page * page - base;
    const uint32_t dirty = count_touched(region, start, length);
    change_dirty(region, -dirty);
    cm_lock_release(&cm_heap_lock);
    const bool purged = cm_region_purge(region, start, length);
    cm_lock_acquire(&cm_heap_lock);
    if (purged && first < end) {
        set_touched(region, first, end - first, false);
    }
    const uint32_t left = count_touched(region, start, length);
    (void)chunk_run_free(&region->heap, start);
    change_dirty(region, left);
    return (size_t)(dirty - left) << CM_CHUNK_SHIFT;
}

/* Needs the purge lock; takes the heap's. */
static size_t purge(uint64_t keep) {
    size_t purged = 0;
    cm_lock_acquire(&cm_heap_lock);
    purging = true;
    for (unsigned i = 0; i < REGIONS * 2 && dirty_now() > keep; i++) {
        const struct cm_region *const region = regions[i / 2];
        if (!exists(region)) {
            break;
        }
        uint32_t length = 0;
        uint32_t start;
        while (dirty_now() > keep && (start = claim_dirty(region, &length)) != RUN_NONE) {
            purged += purge_run(region, start, length);
        }
        if (dirty_now() > keep) {
            region->use->cursor = 0;
        }
    }
    cm_runs_purged += purged;
    purging = false;
    cm_lock_release(&cm_heap_lock);
    return purged;
}

size_t cm_runs_purge(uint64_t keep) {
    cm_lock_acquire(&cm_purge_lock);
    const size_t purged = purge(keep);
    cm_lock_release(&cm_purge_lock);
    return purged;
}

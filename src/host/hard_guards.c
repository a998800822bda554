/* SPDX-License-Identifier: MIT */
#include "hard_guards.h"

#include "hard_record.h"
#include "sys.h"

enum {
    GUARDS = 2,         /* chunks: one before and one behind */
    MOST_GUARDED = 8192 /* runs, if each splits a mapping in three, of which a process has 65 530 */
};

static uint32_t runs; /* that are not free */

static bool has_small_pages(void) {
    return cm_sys_page_size() <= CM_CHUNK_SIZE;
}

static bool has_markers; /* constant after the start */
static bool data_is_limited;

void cm_guards_set_up(void *page) {
    has_markers = has_small_pages() && cm_sys_has_markers(page);
    data_is_limited = cm_sys_data_is_limited();
}

static bool can_protect(void) {
    return __atomic_load_n(&runs, __ATOMIC_RELAXED) < MOST_GUARDED &&
           !__atomic_load_n(&data_is_limited, __ATOMIC_RELAXED);
}

bool cm_can_guard(void) {
    return has_small_pages() && (has_markers || can_protect());
}

enum cm_barrier cm_forbid(void *start, size_t size) {
    if (has_markers && cm_sys_mark(start, size)) {
        return CM_BARRIER_MARKERS;
    }
    return has_small_pages() && can_protect() && cm_sys_forbid(start, size) ? CM_BARRIER_PROTECTION
                                                                            : CM_BARRIER_NONE;
}

bool cm_unforbid(void *start, size_t size, enum cm_barrier barrier) {
    if (barrier == CM_BARRIER_NONE ||
        (barrier == CM_BARRIER_MARKERS && cm_sys_unmark(start, size)) ||
        (barrier == CM_BARRIER_PROTECTION && cm_sys_permit(start, size))) {
        return true;
    }
    (void)cm_sys_purge(start, size);
    if (barrier == CM_BARRIER_PROTECTION) {
        __atomic_store_n(&data_is_limited, true, __ATOMIC_RELAXED);
        (void)cm_sys_forbid(start, size);
    }
    return false;
}

/* A guard's barrier is told in its chunk's record, which no block has. A filter of system calls may
 * come between: what was made of markers is not taken back by protecting, nor the reverse. */
static uint32_t *barrier_of(const struct cm_region *region, uint32_t chunk) {
    return cm_record((struct cm_place){region, CM_KIND_HARD_LARGE},
                     cm_chunk_address(region, chunk));
}

static void guard(const struct cm_region *region, uint32_t chunk) {
    const enum cm_barrier barrier = cm_forbid(cm_chunk_address(region, chunk), CM_CHUNK_SIZE);
    cm_record_set(barrier_of(region, chunk), barrier);
}

/* Chunks from a guard on, of which all that have a barrier have the guard's. */
static bool unguard(const struct cm_region *region, uint32_t chunk, uint32_t length) {
    uint32_t *const barrier = barrier_of(region, chunk);
    const bool opened =
        cm_unforbid(cm_chunk_address(region, chunk), (size_t)length << CM_CHUNK_SHIFT,
                    (enum cm_barrier)cm_record_get(barrier));
    if (opened) {
        cm_record_set(barrier, CM_BARRIER_NONE);
    }
    return opened;
}

unsigned char *cm_guarded_memory(struct cm_run run) {
    return cm_chunk_address(run.region, run.chunk + 1);
}

struct cm_run cm_guarded_run(const struct cm_region *region, const void *block) {
    const size_t chunk = cm_offset_in(region, block) >> CM_CHUNK_SHIFT;
    return (struct cm_run){region, (uint32_t)chunk - 1};
}

uint32_t cm_guarded_length(struct cm_run run) {
    return cm_runs_length(run) - GUARDS;
}

unsigned char *cm_guarded_alloc(uint64_t length, uint64_t align, enum cm_kind kind) {
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
    guard(run.region, run.chunk);
    guard(run.region, run.chunk + (uint32_t)length + 1);
    return cm_guarded_memory(run);
}

void cm_guarded_free(struct cm_run run, uint32_t length, bool purged, enum cm_barrier barrier) {
    const uint32_t last = run.chunk + length + 1;
    const uint32_t first_barrier = cm_record_get(barrier_of(run.region, run.chunk));
    const uint32_t last_barrier = cm_record_get(barrier_of(run.region, last));
    bool opened;
    if (first_barrier == last_barrier && (barrier == CM_BARRIER_NONE || barrier == first_barrier)) {
        opened = unguard(run.region, run.chunk, length + GUARDS);
    } else {
        opened = cm_unforbid(cm_guarded_memory(run), (size_t)length << CM_CHUNK_SHIFT, barrier);
        opened = unguard(run.region, run.chunk, 1) && opened;
        opened = unguard(run.region, last, 1) && opened;
    }
    if (opened) {
        cm_record_set(barrier_of(run.region, last), CM_BARRIER_NONE);
        (void)__atomic_fetch_sub(&runs, 1, __ATOMIC_RELAXED);
        cm_runs_free_condemned(run, purged);
    }
}

/* What is given up is given back first: free memory is zero, and has no barriers. */
static bool shrink(struct cm_run run, uint32_t old, uint32_t length) {
    const uint32_t first = run.chunk + 1;
    const size_t surplus = (size_t)(old - length) << CM_CHUNK_SHIFT;
    if (!cm_sys_purge(cm_chunk_address(run.region, first + length), surplus) ||
        !unguard(run.region, first + old, 1)) {
        return false;
    }
    const bool shrunk = cm_runs_resize(run, length + GUARDS);
    guard(run.region, first + (shrunk ? length : old));
    return shrunk;
}

/* The guard stays until there is room: there often is none. */
static bool grow(struct cm_run run, uint32_t old, uint32_t length) {
    const uint32_t first = run.chunk + 1;
    if (!cm_runs_resize(run, length + GUARDS)) {
        return false;
    }
    if (!unguard(run.region, first + old, 1)) {
        (void)cm_runs_resize(run, old + GUARDS);
        return false;
    }
    guard(run.region, first + length);
    return true;
}

bool cm_guarded_resize(struct cm_run run, uint32_t old, uint64_t wanted) {
    if (!has_small_pages() || wanted + GUARDS > CHUNK_HEAP_MAX_CHUNKS) {
        return false;
    }
    const uint32_t length = (uint32_t)wanted;
    return length < old ? shrink(run, old, length) : grow(run, old, length);
}

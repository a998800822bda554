/* SPDX-License-Identifier: MIT */
#include "hard_guards.h"

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
static bool protects; /* there is memory that was protected */

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

bool cm_forbid(void *start, size_t size) {
    if (has_markers && cm_sys_mark(start, size)) {
        return true;
    }
    if (!has_small_pages() || !can_protect()) {
        return false;
    }
    __atomic_store_n(&protects, true, __ATOMIC_RELAXED);
    return cm_sys_forbid(start, size);
}

static bool permit(void *start, size_t size) {
    return (!has_markers || cm_sys_unmark(start, size)) &&
           (!__atomic_load_n(&protects, __ATOMIC_RELAXED) || cm_sys_permit(start, size));
}

bool cm_unforbid(void *start, size_t size) {
    if (!has_small_pages() || permit(start, size)) {
        return true;
    }
    __atomic_store_n(&data_is_limited, true, __ATOMIC_RELAXED);
    (void)cm_sys_purge(start, size);
    (void)cm_sys_forbid(start, size);
    return false;
}

static void guard(const struct cm_region *region, uint32_t chunk) {
    (void)cm_forbid(cm_chunk_address(region, chunk), CM_CHUNK_SIZE);
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

void cm_guarded_free(struct cm_run run, uint32_t length, bool purged) {
    unsigned char *const start = cm_chunk_address(run.region, run.chunk);
    const size_t size = (size_t)(length + GUARDS) << CM_CHUNK_SHIFT;
    if (cm_unforbid(start, size)) {
        (void)__atomic_fetch_sub(&runs, 1, __ATOMIC_RELAXED);
        cm_runs_free_condemned(run, purged);
    }
}

/* What is given up is given back first: free memory is zero. */
bool cm_guarded_resize(struct cm_run run, uint32_t old, uint64_t wanted) {
    if (!has_small_pages() || wanted + GUARDS > CHUNK_HEAP_MAX_CHUNKS) {
        return false;
    }
    const uint32_t length = (uint32_t)wanted;
    const uint32_t first = run.chunk + 1;
    if (length < old) {
        const size_t surplus = (size_t)(old - length) << CM_CHUNK_SHIFT;
        if (!cm_sys_purge(cm_chunk_address(run.region, first + length), surplus)) {
            return false;
        }
    }
    if (!cm_unforbid(cm_chunk_address(run.region, first + old), CM_CHUNK_SIZE)) {
        return false;
    }
    const bool changed = cm_runs_resize(run, length + GUARDS);
    guard(run.region, first + (changed ? length : old));
    return changed;
}

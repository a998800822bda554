/* SPDX-License-Identifier: MIT */
#include "hard_runs.h"

#include "footprint.h"
#include "hard_cache.h"
#include "hard_canary.h"
#include "hard_guards.h"
#include "hard_kept.h"
#include "hard_record.h"
#include "sys.h"
#include <core/arith.h>

enum { LONG = 1024 }; /* chunks: is given back at once, if that is paid for */

/* ---- allocation ---- */

static struct cm_place place_at(const void *memory, enum cm_kind kind) {
    return (struct cm_place){cm_region_of(memory), kind};
}

void *cm_hard_large_alloc(size_t size, size_t alignment, const void *caller) {
    const uint64_t align = alignment > CM_CHUNK_SIZE ? alignment >> CM_CHUNK_SHIFT : 1;
    const uint64_t wanted = size != 0 ? cm_large_chunks(size) : 1;
    uint32_t length = wanted < CHUNK_HEAP_MAX_CHUNKS ? (uint32_t)wanted : CHUNK_HEAP_MAX_CHUNKS;
    unsigned char *block = align == 1 ? cm_hard_reuse(&length, CM_KIND_HARD_LARGE) : NULL;
    block = block != NULL ? block : cm_guarded_alloc(length, align, CM_KIND_HARD_LARGE);
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
    if (alignment > CM_GRANULE || size == 0 || size > CM_CHUNK_SIZE || !cm_can_guard()) {
        return NULL;
    }
    uint32_t length = 1;
    unsigned char *memory = cm_hard_reuse(&length, CM_KIND_HARD_TIGHT);
    memory = memory != NULL ? memory : cm_guarded_alloc(1, 1, CM_KIND_HARD_TIGHT);
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
    *size =
        ((size_t)cm_guarded_length(cm_guarded_run(place.region, block)) << CM_CHUNK_SHIFT) - told;
    return told;
}

size_t cm_hard_run_size(struct cm_place place, const void *block) {
    size_t size;
    (void)slack_of(place, block, cm_record_get(cm_record(place, block)), &size);
    return size;
}

size_t cm_hard_freed_size(struct cm_place place, const void *block) {
    return (size_t)cm_guarded_length(cm_guarded_run(place.region, block)) << CM_CHUNK_SHIFT;
}

/* ---- freeing ---- */

/* To make memory anew takes many times as long as to write zeros, but of a long block the program
 * may have used little, or want no more. While there is debt it is zeroed instead, unless only what
 * was given back could wait in quarantine. */
static bool is_to_be_given_back(struct cm_kept kept) {
    if (kept.length <= LONG || cm_sys_page_size() > CM_CHUNK_SIZE) {
        return false;
    }
    const bool waits_zeroed = cm_hard_would_keep(kept);
    kept.purged = true;
    return kept.length / 2 > cm_footprint_debt() || (!waits_zeroed && cm_hard_would_keep(kept));
}

bool cm_hard_run_free(struct cm_place place, void *block, const void *caller) {
    if (!cm_hard_run_is_live(place, block)) {
        return false;
    }
    const uint32_t record = cm_record_end(cm_record(place, block), cm_site_number(caller));
    size_t size;
    const size_t slack = slack_of(place, block, record, &size);
    cm_canary_check(block, size, slack);
    const struct cm_run run = cm_guarded_run(place.region, block);
    struct cm_kept kept = {.run = run, .length = cm_guarded_length(run)};
    unsigned char *const memory = cm_guarded_memory(run);
    const size_t bytes = (size_t)kept.length << CM_CHUNK_SHIFT;
    kept.purged = is_to_be_given_back(kept) && cm_sys_purge(memory, bytes);
    if (!kept.purged) {
        memset(memory, 0, bytes);
    }
    cm_runs_condemn(run, kept.purged);
    if (kept.purged || place.kind == CM_KIND_HARD_TIGHT) {
        kept.barrier = cm_forbid(memory, bytes);
    }
    cm_hard_keep(kept);
    return true;
}

/* ---- resizing ---- */

bool cm_hard_run_resize(struct cm_place place, void *block, size_t size) {
    size_t old;
    const size_t slack = slack_of(place, block, cm_record_get(cm_record(place, block)), &old);
    cm_canary_check(block, old, slack);
    const uint64_t length = cm_large_chunks(size);
    if (place.kind == CM_KIND_HARD_TIGHT || size <= CM_SMALL_MAX) {
        return false;
    }
    const struct cm_run run = cm_guarded_run(place.region, block);
    const uint32_t old_length = cm_guarded_length(run);
    if (length != old_length && !cm_guarded_resize(run, old_length, length)) {
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

/* ---- the start ---- */

/* A run that is never free, of up to 1 MiB. */
static void shift_heap(void) {
    enum { MOST = 256, LEAST_HEAP = 4096 };
    const uint32_t length = cm_region_limit < LEAST_HEAP ? 1 : 1 + cm_hard_random(MOST);
    unsigned char *const memory = cm_guarded_alloc(length, 1, CM_KIND_HARD_LARGE);
    if (memory != NULL) {
        cm_runs_condemn(cm_guarded_run(cm_region_of(memory), memory), true);
        (void)cm_forbid(memory, (size_t)length << CM_CHUNK_SHIFT);
    }
}

bool cm_hard_runs_start(void) {
    cm_lock_acquire(&cm_heap_lock);
    const bool reserved = cm_region_harden();
    cm_lock_release(&cm_heap_lock);
    if (reserved) {
        cm_guards_set_up(cm_section.use->records);
        shift_heap();
    }
    return reserved;
}

/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include "fork.h"
#include "inside.h"
#include "out.h"
#include "runs.h"
#include "thread.h"
#include <core/run.h>
#include <stddef.h>

static void add_region(struct chunkmalloc_stats *stats, const struct cm_region *region) {
    const struct chunk_heap_state *const state = region->heap.state;
    const uint32_t free = state->touched - state->used;
    stats->heap += (size_t)state->touched << CM_CHUNK_SHIFT;
    stats->in_large += (size_t)state->used << CM_CHUNK_SHIFT; /* less slabs and internal, below */
    stats->free_dirty += (size_t)region->use->free_dirty << CM_CHUNK_SHIFT;
    stats->free_clean += (size_t)(free - region->use->free_dirty) << CM_CHUNK_SHIFT;
    stats->large_blocks += state->live;
    stats->peak += (size_t)state->peak << CM_CHUNK_SHIFT;
}

static void add_regions(struct chunkmalloc_stats *stats) {
    uint64_t chunks = CM_SECTION_CHUNKS;
    cm_lock_acquire(&cm_heap_lock);
    add_region(stats, &cm_section);
    if (cm_second_size != 0) {
        add_region(stats, &cm_second);
        chunks += cm_second.heap.chunks;
    }
    stats->purged = cm_runs_purged;
    stats->failures = cm_runs_failures;
    stats->large_blocks -= cm_runs_condemned;
    stats->in_large -= cm_runs_condemned_chunks << CM_CHUNK_SHIFT;
    cm_lock_release(&cm_heap_lock);
    stats->heap_limit = (size_t)(chunks < cm_region_limit ? chunks : cm_region_limit)
                        << CM_CHUNK_SHIFT;
}

static void add_class(struct chunkmalloc_stats *stats, unsigned size_class) {
    struct cm_depot *const depot = &cm_depots[size_class];
    const size_t size = cm_class_size(size_class);
    cm_lock_acquire(cm_depot_lock(size_class));
    const size_t slots = (size_t)depot->slabs.slabs * cm_classes[size_class].slots;
    const size_t out = (size_t)depot->slabs.out;
    stats->slabs += depot->slabs.slabs;
    stats->small_live += out * size; /* less the cached ones, below */
    stats->small_free += (slots - out) * size;
    stats->small_cached += (size_t)depot->full_count * cm_classes[size_class].magazine * size;
    cm_lock_release(cm_depot_lock(size_class));
}

static size_t less(size_t a, size_t b) {
    return a > b ? a - b : 0;
}

void cm_stats_collect(struct chunkmalloc_stats *stats) {
    *stats = (struct chunkmalloc_stats){.size = sizeof *stats};
    if (!cm_enter()) {
        return;
    }
    for (unsigned size_class = 1; size_class <= CM_SLAB_CLASSES; size_class++) {
        add_class(stats, size_class);
    }
    size_t cached = 0;
    stats->threads = cm_thread_count(&cached);
    stats->small_cached += cached;
    stats->small_live = less(stats->small_live, stats->small_cached);
    cm_lock_acquire(&cm_depot_pool_lock);
    stats->internal = cm_depot_internal;
    cm_lock_release(&cm_depot_pool_lock);
    add_regions(stats);
    stats->in_slabs = stats->slabs * CM_SLAB_SIZE;
    stats->in_large = less(stats->in_large, stats->in_slabs + stats->internal);
    stats->large_blocks = less(stats->large_blocks, stats->slabs + stats->internal / CM_SLAB_SIZE);
    stats->locks = cm_locks_taken();
    cm_leave();
}

struct field {
    const char *name;
    uint64_t value;
};

static void write_field(struct cm_out *out, struct field field, bool json, bool first) {
    cm_out_text(out, json ? (first ? "{\"" : ",\"") : "chunkmalloc: ");
    cm_out_text(out, field.name);
    cm_out_text(out, json ? "\":" : " ");
    cm_out_number(out, field.value);
    cm_out_text(out, json ? "" : "\n");
}

bool cm_stats_write(int fd, bool json) {
    struct chunkmalloc_stats s;
    cm_stats_collect(&s);
    const struct field fields[] = {
        {"heap", s.heap},
        {"heap_limit", s.heap_limit},
        {"in_slabs", s.in_slabs},
        {"in_large", s.in_large},
        {"internal", s.internal},
        {"free_dirty", s.free_dirty},
        {"free_clean", s.free_clean},
        {"small_live", s.small_live},
        {"small_cached", s.small_cached},
        {"small_free", s.small_free},
        {"large_blocks", s.large_blocks},
        {"slabs", s.slabs},
        {"threads", s.threads},
        {"peak", s.peak},
        {"purged", s.purged},
        {"locks", s.locks},
        {"failures", s.failures},
    };
    struct cm_out out = cm_out_to(fd);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        write_field(&out, fields[i], json, i == 0);
    }
    cm_out_text(&out, json ? "}\n" : "");
    return cm_out_flush(&out);
}

/* Does the kind map say of the chunk, in the live run from start on, what is so? */
static bool kind_is_right(const struct cm_region *region, uint32_t start, uint32_t chunk) {
    const unsigned kind = region->kinds[chunk];
    if (region->kinds[start] == CM_KIND_LARGE) {
        return chunk == start || kind == CM_KIND_NONE;
    }
    if (kind >= CM_KIND_HARD_LARGE) {
        return chunk == start + 1;
    }
    return kind == CM_KIND_NONE ||
           kind == cm_slab_row(region, cm_chunk_address(region, chunk))->size_class;
}

/* Do the region's map of kinds and account of free chunks agree with its runs? */
static const char *check_region(const struct cm_region *region) {
    const struct chunk_heap *const heap = &region->heap;
    const char *const finding = chunk_heap_check(heap, CHUNK_CHECK_EXHAUSTIVE);
    if (finding != NULL) {
        return finding;
    }
    const uint32_t frontier = heap->state->frontier;
    uint32_t dirty = 0;
    for (uint32_t start = 0; start < heap->state->touched;) {
        const bool below = start < frontier;
        const uint32_t end = below ? start + chunk_run_length(heap, start) : heap->state->touched;
        const bool live = below && chunk_bitmap_is_live(heap, start);
        for (uint32_t chunk = start; chunk < end; chunk++) {
            if (!live && region->kinds[chunk] != CM_KIND_NONE) {
                return "the kind map names a free run";
            }
            if (live && !kind_is_right(region, start, chunk)) {
                return "the kind map disagrees with a run";
            }
            dirty += !live && (region->touched[chunk / 64] & bits_one(chunk)) != 0;
        }
        start = end;
    }
    return dirty == region->use->free_dirty ? NULL : "the account of dirty chunks is wrong";
}

static const char *check_all(void) {
    const char *finding = check_region(&cm_section);
    if (finding == NULL && cm_second_size != 0) {
        finding = check_region(&cm_second);
    }
    for (unsigned size_class = 1; size_class <= CM_SLAB_CLASSES && finding == NULL; size_class++) {
        finding = cm_slab_check(&cm_depots[size_class].slabs, size_class);
    }
    return finding;
}

const char *cm_check(void) {
    if (!cm_enter()) {
        return "the allocator is at work in this thread";
    }
    cm_locks_acquire_all();
    const char *const finding = check_all();
    cm_locks_release_all();
    cm_leave();
    return finding;
}

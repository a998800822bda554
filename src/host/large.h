/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_LARGE_H
#define CHUNKMALLOC_HOST_LARGE_H

/* Large blocks: above CM_SMALL_MAX, or aligned to more than a chunk. Each is a run of its own. */

#include "runs.h"

enum cm_large_wish {
    CM_LARGE_PLAIN,
    CM_LARGE_ZEROED, /* all of it is zero */
    CM_LARGE_GROWING /* rather where it can grow: it is a longer copy of a block */
};

/* Chunks that size bytes take; more than a heap can have if that does not fit. */
static inline uint64_t cm_large_chunks(size_t size) {
    return ((uint64_t)size + CM_CHUNK_SIZE - 1) >> CM_CHUNK_SHIFT;
}

/* Aligned to alignment, a power of two, and to a chunk. NULL if there is no memory. size is at most
 * PTRDIFF_MAX. */
void *cm_large_alloc(size_t size, size_t alignment, enum cm_large_wish wish);

/* In place; false, with nothing changed, if that is not possible. size is above 0. */
bool cm_large_resize(struct cm_run run, size_t size);

/* Bytes of the block that starts the run. */
size_t cm_large_size(struct cm_run run);

/* Does a large block start at the address, which is in the region? Takes no lock. */
static inline bool cm_is_large(const struct cm_region *region, const void *address) {
    const size_t offset = cm_offset_in(region, address);
    return offset % CM_CHUNK_SIZE == 0 && region->kinds[offset >> CM_CHUNK_SHIFT] == CM_KIND_LARGE;
}

/* The run of a large block. */
static inline struct cm_run cm_run_at(const struct cm_region *region, const void *block) {
    return (struct cm_run){region, (uint32_t)(cm_offset_in(region, block) >> CM_CHUNK_SHIFT)};
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MODEL_COUNTED_H
#define TESTS_MODEL_COUNTED_H

/*
 * A heap whose steps are counted call by call: no call may take more than heap.h says. The core is
 * built with -DCHUNK_COUNT_STEPS, and if the compiler can, so that each basic block that is run is
 * counted as well: a loop without a step in it would show there.
 */

#include <chunkmalloc/heap.h>

#include "area.h"

enum counted_call {
    COUNTED_ALLOC,
    COUNTED_ALIGNED,
    COUNTED_FREE,
    COUNTED_FREE_SIZED,
    COUNTED_RESIZE,
    COUNTED_REALLOC_STAYED,
    COUNTED_REALLOC_MOVED,
    COUNTED_REALLOC_SLID,
    COUNTED_REALLOC_FAILED,
    COUNTED_USABLE_SIZE,
    COUNTED_GET_STATS,
    COUNTED_CALLS
};

struct counted_heap {
    struct chunk_heap heap;
    struct area memory;
    struct area bookkeeping;
};

/* Of chunks of 16 bytes. */
void counted_create(struct counted_heap *counted, uint32_t chunks, unsigned flags);
void counted_destroy(const struct counted_heap *counted);

/* ---- calls; lengths and alignments in chunks ---------------------------------------------------
 */

void *counted_alloc(const struct counted_heap *counted, size_t length);
void *counted_aligned(const struct counted_heap *counted, size_t align, size_t length);
/* Judges chunk_usable_size as well. */
void counted_free(const struct counted_heap *counted, void *block);
void counted_free_sized(const struct counted_heap *counted, void *block, size_t length);
bool counted_resize(const struct counted_heap *counted, void *block, size_t length);
void *counted_realloc(const struct counted_heap *counted, void *block, size_t length);
void counted_get_stats(const struct counted_heap *counted, struct chunk_heap_stats *stats);

/* ---- what was found ----------------------------------------------------------------------------
 */

/* Did calls of each kind take as many steps as they may? Says which did not. */
bool counted_all_exact(void);
/* Prints the most that each kind took, beside the most that it may. */
void counted_print(void);

#endif

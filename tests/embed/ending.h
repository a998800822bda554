/* SPDX-License-Identifier: MIT */
#ifndef EMBED_ENDING_H
#define EMBED_ENDING_H

/* How the programs of this directory end: the heap was used, all is freed, and it is sound. */

#include "../support.h"

#include <chunkmalloc/heap.h>

static inline void check_ending(const char *program, const struct chunk_heap *heap) {
    struct chunk_heap_stats stats;
    chunk_heap_get_stats(heap, &stats);
    CHECK(stats.allocations > 0 && stats.peak > 0);
    CHECK(stats.used == 0 && stats.live_blocks == 0);
    CHECK(chunk_heap_check(heap, CHUNK_CHECK_EXHAUSTIVE) == NULL);
    (void)printf("%s: all is well: %llu blocks, at most %zu of %zu KiB at once\n", program,
                 (unsigned long long)stats.allocations, stats.peak * stats.chunk_size / SUPPORT_KIB,
                 stats.chunks * stats.chunk_size / SUPPORT_KIB);
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef EMBED_ENDING_HPP
#define EMBED_ENDING_HPP

/* What the programs in C++ check, and how those on chunk heaps end: see ending.h. */

#include <chunkmalloc/heap.h>

#include <cstdio>
#include <cstdlib>

inline void check(bool condition, const char *what) {
    if (!condition) {
        (void)std::fprintf(stderr, "not so: %s\n", what);
        std::exit(1);
    }
}

inline chunk_heap_stats stats_of(const chunk_heap &heap) {
    chunk_heap_stats stats;
    chunk_heap_get_stats(&heap, &stats);
    return stats;
}

inline void check_ending(const char *name, const chunk_heap &heap) {
    const chunk_heap_stats stats = stats_of(heap);
    check(stats.allocations > 0 && stats.used == 0, "the heap was used, and all is freed");
    check(chunk_heap_check(&heap, CHUNK_CHECK_EXHAUSTIVE) == nullptr, "the heap is sound");
    (void)std::printf("%s: all is well, at most %zu chunks used\n", name, stats.peak);
}

#endif

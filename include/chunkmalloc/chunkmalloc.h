/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_CHUNKMALLOC_H
#define CHUNKMALLOC_CHUNKMALLOC_H

/*
 * What libchunkmalloc offers beside the C library's allocation functions. All functions may be
 * called from any thread at any time, except from a signal handler that may have interrupted the
 * allocator. None of them allocates.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CHUNKMALLOC_VERSION "0.1.0"

/* The version of the library at run time, in the form of CHUNKMALLOC_VERSION. */
const char *chunkmalloc_version(void);

/* Does the address lie in this library's heap? Constant time; takes no lock. */
bool chunkmalloc_owns(const void *address);

/* Bytes, unless the comment says otherwise. heap = in_slabs + in_large + free_dirty + free_clean
 * + internal; small_live + small_cached + small_free = in_slabs less the rounding at slab ends. */
struct chunkmalloc_stats {
    size_t size;         /* of this structure, as the library knows it */
    size_t heap;         /* address space ever handed out: the free and the live */
    size_t heap_limit;   /* the most that heap can become */
    size_t in_slabs;     /* runs that hold small blocks */
    size_t in_large;     /* runs that are large blocks */
    size_t internal;     /* runs that hold magazines */
    size_t free_dirty;   /* free runs that may be resident */
    size_t free_clean;   /* free runs given back to the system, or never touched */
    size_t small_live;   /* small blocks in the hands of the program */
    size_t small_cached; /* freed small blocks in magazines and depots */
    size_t small_free;   /* free slots of slabs */
    size_t large_blocks; /* number of large blocks */
    size_t slabs;        /* number of slabs */
    size_t threads;      /* number of threads with magazines */
    size_t peak;         /* largest value of in_slabs + in_large + internal */
    uint64_t purged;     /* given back to the system so far */
    uint64_t locks;      /* times that a lock was taken so far (a count) */
    uint64_t failures;   /* requests answered by NULL for want of memory (a count) */
};

/*
 * Fills the first size bytes of *stats, at most sizeof as the library knows it, and returns the
 * number of bytes filled. Values of different locks are read one after another, so while other
 * threads allocate they may differ by what these do meanwhile. Time: linear in the threads.
 */
size_t chunkmalloc_get_stats(struct chunkmalloc_stats *stats, size_t size);

/* Writes the statistics as lines of text, or as one JSON object with the names of the structure's
 * fields, to the descriptor. Returns 0, or -1 with errno as write(2) set it. */
int chunkmalloc_report(int fd, bool json);

/*
 * Looks for a broken invariant in every heap and slab: NULL if there is none, otherwise a text that
 * names the first one found. Linear in the heap; other threads wait for it.
 */
const char *chunkmalloc_check(void);

/* Gives all free memory that may be resident back to the system, including what this thread's
 * magazines and the depots hold. Returns the number of bytes given back. */
size_t chunkmalloc_purge(void);

#ifdef __cplusplus
}
#endif

#endif

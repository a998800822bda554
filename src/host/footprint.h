/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_FOOTPRINT_H
#define CHUNKMALLOC_HOST_FOOTPRINT_H

/*
 * How much memory is in use, and how much is resident without being in use: counters that are
 * kept as a by-product of what happens anyway, and read without a lock to decide whether anything
 * should be given back. In chunks, unless the name says bytes.
 */

#include "config.h"
#include <stdbool.h>

enum { CM_KEEP = 64 }; /* by default: 256 KiB */

struct cm_footprint {
    uint64_t small_bytes; /* slots that are out, be it in magazines */
    uint64_t large;       /* in large blocks */
    uint64_t used;        /* in live runs */
    uint64_t dirty;       /* in free runs, that may be resident */
    uint64_t hollow;      /* in slabs and condemned runs, that were given back */
    uint64_t peak;        /* largest live since reclaim.c last gave back */
    uint64_t taken;       /* taken for runs or slots, ever */
    uint64_t again;       /* of these, such as had been given back; both wrap around */
    uint64_t keep;        /* may stay resident however little is in use; the option "keep" */
} __attribute__((aligned(64)));

CM_HIDDEN extern struct cm_footprint cm_footprint;

static inline void cm_count(uint64_t *counter, uint64_t change) {
    (void)__atomic_fetch_add(counter, change, __ATOMIC_RELAXED);
}

static inline uint64_t cm_counted(const uint64_t *counter) {
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static inline void cm_footprint_keep(uint64_t chunks) {
    __atomic_store_n(&cm_footprint.keep, chunks, __ATOMIC_RELAXED);
}

/* What the program holds. */
static inline uint64_t cm_footprint_live(void) {
    return (cm_counted(&cm_footprint.small_bytes) >> CM_CHUNK_SHIFT) +
           cm_counted(&cm_footprint.large);
}

/* What may be resident although the program does not hold it. */
static inline uint64_t cm_footprint_excess(void) {
    const uint64_t resident = cm_counted(&cm_footprint.used) + cm_counted(&cm_footprint.dirty);
    const uint64_t held = cm_footprint_live() + cm_counted(&cm_footprint.hollow);
    return resident > held ? resident - held : 0;
}

/*
 * Chunks that were given back and had to be made anew are a debt, which the program's work pays
 * off, at so slow a rate that about a sixtieth of it can go into making them, or time in which it
 * does not work, which is worth less. Nothing is given back that is not twice the debt: a program
 * that frees and takes in turn keeps its memory, while one that does so seldom, or for the first
 * time, gives it back. Takes a system call, and seldom two.
 */
uint64_t cm_footprint_debt(void);

/* After something was taken. */
static inline void cm_footprint_grew(void) {
    const uint64_t live = cm_footprint_live();
    if (live > cm_counted(&cm_footprint.peak)) {
        __atomic_store_n(&cm_footprint.peak, live, __ATOMIC_RELAXED);
    }
}

#endif

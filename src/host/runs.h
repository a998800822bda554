/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_RUNS_H
#define CHUNKMALLOC_HOST_RUNS_H

/*
 * Runs of either region, under the heap's lock: the only callers of the core while the program
 * runs. Also the account of which free chunks may be resident, and giving them back (purge).
 */

#include "lock.h"
#include "region.h"

CM_HIDDEN extern struct cm_lock cm_heap_lock;

/* Held while free runs are given back; what is being given back is then claimed, and missing. */
CM_HIDDEN extern struct cm_lock cm_purge_lock;

/* A run: region NULL is none. */
struct cm_run {
    const struct cm_region *region;
    uint32_t chunk;
};

struct cm_run_request {
    uint32_t length; /* chunks, at least 1 */
    uint32_t align;  /* chunks, a power of two */
    uint32_t before; /* chunks before the one that is to be aligned, and where a block starts */
    bool will_grow;  /* prefer a place with as much free space again behind it */
    uint8_t kind;    /* of the block: entered in the kind map there, if it is not none */
};

/* What is known of the memory of a new run, in chunks. */
struct cm_run_news {
    uint32_t fresh;  /* so many at its end were never used before: zero */
    uint64_t absent; /* a bit for each of the first 64: not resident */
};

/* Takes the heap's lock. */
struct cm_run cm_runs_alloc(const struct cm_run_request *request, struct cm_run_news *news);

/* Frees a slab's run, of which the chunks in the mask hollow were given back. Takes the lock. */
void cm_runs_free_slab(struct cm_run run, uint32_t hollow);

/* Frees the run if it is still a large block; false if it is not. Takes the heap's lock. */
bool cm_runs_free_large(struct cm_run run);

/* Of a run with guards, whose block starts at its second chunk: marks that as freed, and frees such
 * a run later. purged: its memory was given back. Take the heap's lock. */
void cm_runs_condemn(struct cm_run run, bool purged);
void cm_runs_free_condemned(struct cm_run run, bool purged);

/* The run, which was not purged, is a block again. Takes the heap's lock. */
void cm_runs_revive(struct cm_run run, enum cm_kind kind);

/* All that is free is zero, from when the next purge of everything is over: set once, by the
 * hardened mode. Guarded by the heap's lock, and by those of the classes as far as their slabs go.
 */
CM_HIDDEN extern bool cm_runs_clear;

/* Runs that are condemned, and their chunks. Guarded by the heap's lock. */
CM_HIDDEN extern uint64_t cm_runs_condemned;
CM_HIDDEN extern uint64_t cm_runs_condemned_chunks;

/* Makes a large block length chunks long in place. Takes the heap's lock. */
bool cm_runs_resize(struct cm_run run, uint32_t length);

/* Chunks of a live run. Takes the heap's lock. */
uint32_t cm_runs_length(struct cm_run run);

/* What is wrong with an address outside slabs at which no block is. Takes the heap's lock. */
enum chunk_misuse cm_runs_misuse(const struct cm_region *region, const void *address);

/* Purges free runs until at most keep chunks in them may be resident; returns the bytes given back.
 * The heap's lock is not held while the system works. */
size_t cm_runs_purge(uint64_t keep);

/* Bytes given back so far. Guarded by the heap's lock. */
CM_HIDDEN extern uint64_t cm_runs_purged;

/* Requests that found no memory. Guarded by the heap's lock. */
CM_HIDDEN extern uint64_t cm_runs_failures;

#endif

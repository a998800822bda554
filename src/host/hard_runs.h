/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_HARD_RUNS_H
#define CHUNKMALLOC_HOST_HARD_RUNS_H

/*
 * Blocks of the hardened mode that are runs of their own, with an inaccessible chunk on either
 * side: large ones, and small ones of the sample, which end with their chunk. Freed, all of it is
 * inaccessible, and its memory given back; it waits in quarantine until others take its place.
 * Where the system refuses, there are no guards. And blocks of no bytes, numbers within memory that
 * nobody can touch.
 */

#include "hard.h"

/* Reserves what the mode needs, and lets the heap start at a random place. */
bool cm_hard_runs_start(void);

/* NULL if there is no memory. */
void *cm_hard_large_alloc(size_t size, size_t alignment, const void *caller);

/* Memory for what threads have, between guards too; never freed. NULL if there is none. */
unsigned char *cm_hard_pool_alloc(uint32_t chunks);

/* NULL also if the block cannot be one of the sample. */
void *cm_hard_tight_alloc(size_t size, size_t alignment, const void *caller);

/* As those of hard.h. */
bool cm_hard_run_free(struct cm_place place, void *block, const void *caller);
bool cm_hard_run_is_live(struct cm_place place, const void *block);
size_t cm_hard_run_size(struct cm_place place, const void *block);
bool cm_hard_run_resize(struct cm_place place, void *block, size_t size);

/* Empties the quarantine. */
void cm_hard_runs_release(void);

/* NULL if all are in use. */
void *cm_hard_zero_alloc(void);

/* Stops the program if there is no such block. */
void cm_hard_zero_free(void *block);

#endif

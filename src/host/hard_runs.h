/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_HARD_RUNS_H
#define CHUNKMALLOC_HOST_HARD_RUNS_H

/*
 * Blocks of the hardened mode that are runs of their own, between guards (hard_guards.h): large
 * ones, and small ones of the sample, which end with their chunk. Freed, they are kept for a while
 * (hard_kept.h): zero, those of the sample inaccessible too, and from 4 MiB inaccessible and given
 * back.
 */

#include "hard.h"

/* Reserves what the mode needs, and lets the heap start at a random place. */
bool cm_hard_runs_start(void);

/* NULL if there is no memory. */
void *cm_hard_large_alloc(size_t size, size_t alignment, const void *caller);

/* NULL also if the block cannot be one of the sample. */
void *cm_hard_tight_alloc(size_t size, size_t alignment, const void *caller);

/* As those of hard.h. */
bool cm_hard_run_free(struct cm_place place, void *block, const void *caller);
bool cm_hard_run_is_live(struct cm_place place, const void *block);
size_t cm_hard_run_size(struct cm_place place, const void *block);
bool cm_hard_run_resize(struct cm_place place, void *block, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_FORK_H
#define CHUNKMALLOC_HOST_FORK_H

#include <stdbool.h>

/* Has every fork by one of several threads take all locks before and release them after it. Called
 * once, early, so that these handlers are among the first registered, and thus the last to run
 * before a fork; those of the program that were registered before may still allocate. */
void cm_fork_set_up(void);

/* All locks, in their order: for looking at everything at once. */
void cm_locks_acquire_all(void);
void cm_locks_release_all(void);

/* How often any of them was taken so far. */
unsigned long cm_locks_taken(void);

#endif

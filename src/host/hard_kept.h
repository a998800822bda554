/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_HARD_KEPT_H
#define CHUNKMALLOC_HOST_HARD_KEPT_H

/*
 * Freed runs with guards. They wait in quarantine, where each new one takes a random place of 16,
 * and what it displaces goes to a cache of 512, from which blocks of about that length get their
 * memory, guards and all. How many chunks may be kept has a limit: others, of the cache first, make
 * room for new ones. Whatever becomes of one, it is looked at before, and if the program wrote to
 * it the program is stopped.
 */

#include "hard_guards.h"

/* A run that is condemned. region NULL is none. */
struct cm_kept {
    struct cm_run run;
    uint32_t length;         /* between the guards */
    bool purged;             /* its memory was given back; else it is zero */
    enum cm_barrier barrier; /* of what lies between the guards */
};

/* Might it be kept, if there is room? Takes the heap's lock. */
bool cm_hard_would_keep(struct cm_kept kept);

/* Of one that is just freed. */
void cm_hard_keep(struct cm_kept kept);

/* The memory of length chunks, which is set to how many there are, that a block had before; NULL if
 * there is none. */
unsigned char *cm_hard_reuse(uint32_t *length, enum cm_kind kind);

/* Frees those in quarantine, and those in the cache. */
void cm_hard_end_quarantine(void);
void cm_hard_drain_cache(void);

#endif

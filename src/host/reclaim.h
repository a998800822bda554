/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_RECLAIM_H
#define CHUNKMALLOC_HOST_RECLAIM_H

/*
 * Giving memory back to the system: when, and how.
 *
 * There is no clock and no thread: a program may free its last block and then sleep, so what is to
 * be given back must be given back as the program frees; yet a program that frees and takes in turn
 * must keep its memory. Use that has fallen to half its peak says that the program is shrinking:
 * all that is free then goes, but for a little, unless too much of what went before was taken again
 * soon (cm_footprint_debt). Free runs that a program does without for long go too: see runs.c.
 */

#include "config.h"
#include "lock.h"

/* Gives back what should go now, if anything, but nothing of what is in quarantine: frees do not
 * end that. To be called with no lock held, after something was freed; constant time unless
 * something goes. */
void cm_reclaim_if_due(void);

/* Gives back all that this thread's magazines and quarantine, the depots, and slabs hold back, and
 * all but keep chunks of free runs. Returns the bytes given back. Called with no lock held; linear
 * in the heap.
 */
size_t cm_reclaim(uint64_t keep);

/* Held by whoever gives memory back. */
CM_HIDDEN extern struct cm_lock cm_reclaim_lock;

#endif

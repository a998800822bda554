/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_HARD_H
#define CHUNKMALLOC_HOST_HARD_H

/*
 * The hardened mode, from the constructor on; blocks that are older stay what they are. Its small
 * blocks lie in slabs of classes of their own, whose kinds the fast paths take for none, so that
 * every call comes here. Nothing lies in free memory: it is zero, and looked at before it is used
 * again. Of each slot a record, in a mapping between guards, says whether the program has it, and
 * how much of it was not asked for; that begins with a canary. Blocks wait in quarantine, and
 * leave it, as slots are handed out, in random order (hard_cache.h). Large blocks, a sample of the
 * small ones, and those of no bytes lie between guards (hard_runs.h).
 *
 * What was given for speed: a pool of quarantine has no more than some 10 KiB of a class and a
 * thread, of which any may be the next but one (at least 31 slots of up to 64 bytes, two of 1 KiB
 * and more); chance and canaries are no ciphers; a large block is inaccessible while it waits only
 * from 4 MiB; a record is not exchanged in one step, so that two threads that free a block at the
 * very same time are found out when it is handed out again, not by the second free.
 *
 * All may be called from any thread, with no lock held.
 */

#include "large.h"

/* A live block, or what claims to be one: its region, and the kind map's entry. */
struct cm_place {
    const struct cm_region *region;
    unsigned kind;
};

/* Constant after the constructor. */
CM_HIDDEN extern bool cm_hard_on;

/* Turns the mode on; false if there is no memory for the records. */
bool cm_hard_start(void);

/* A block, zero but for its canary; if there is no memory NULL, and errno is ENOMEM. alignment is a
 * power of two. */
void *cm_hard_alloc(size_t size, size_t alignment, const void *caller);

/* Of a place whose kind is hardened. False if no live block starts there. Stops the program if the
 * block's canary is damaged, with what it was about to do. */
bool cm_hard_free(struct cm_place place, void *block, const void *caller);

/* The same for any alignment up to 16, in fewer steps. */
void *cm_hard_malloc(size_t size, const void *caller);

/* Frees a slot where that needs no more than a few steps, as it nearly always does; whatever else
 * the pointer may be is left to the function. */
void cm_hard_free_or(void *block, const void *caller,
                     void (*otherwise)(void *block, const void *caller));

/* Does a live block start there? */
bool cm_hard_is_live(struct cm_place place, const void *block);

/* Bytes that were asked for, of a live block. */
size_t cm_hard_size(struct cm_place place, const void *block);

/* Bytes of the run of a freed block: of a place whose kind is CM_KIND_HARD_FREED. */
size_t cm_hard_freed_size(struct cm_place place, const void *block);

/* Makes a live block size bytes long in place, if that is possible and does not waste half of it.
 * size is not 0. Stops the program if its canary is damaged. */
bool cm_hard_resize(struct cm_place place, void *block, size_t size);

/* Is it a block of no bytes, or could it be one? */
bool cm_hard_is_zero(const void *address);

/* What the record of a slot says, of an address at which a slot of a hardened slab starts. */
enum chunk_misuse cm_hard_misuse(struct cm_place place, const void *address);

#endif

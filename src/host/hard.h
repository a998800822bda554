/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_HARD_H
#define CHUNKMALLOC_HOST_HARD_H

/*
 * The hardened mode, from the constructor on; blocks that are older stay what they are. Its small
 * blocks lie in slabs of classes of their own, whose kinds the fast paths take for none, so that
 * every call comes here. Nothing lies in free memory: it is zero, and looked at before it is used
 * again. Of each slot a record, in a mapping between guards, says whether the program has it, and
 * how much of it was not asked for; that begins with a canary. Blocks wait in quarantine, and
 * leave it, as slots are handed out, in random order (hard_cache.h). Large blocks and a sample of
 * the small ones lie between guards (hard_runs.h), and those of no bytes where nobody can touch
 * them (hard_zero.h).
 *
 * What was given for speed:
 * - A freed slot may be handed out by the next malloc but one, chosen among more than half of what
 *   its class calls a portion (4 KiB, but 4 to 62 slots); a thread's pool has two and a half.
 * - At most 16 large blocks wait, none above 16 MiB, and only from 4 MiB are they inaccessible,
 *   if they are given back (hard_runs.c).
 * - Chance and canaries are no ciphers.
 * - Of a slot that a pool names in the section, it is not looked up whether the slab is of the
 *   class.
 * - A record is not exchanged in one step: of two threads that free a block at the very same time
 *   neither is stopped, but who is to get it a second time.
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

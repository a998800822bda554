/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_HARD_CACHE_H
#define CHUNKMALLOC_HOST_HARD_CACHE_H

/*
 * What a thread has in the hardened mode: of each class a magazine of slots to hand out, from which
 * a random one is taken, and one of blocks in quarantine, of which a random one makes room for the
 * next. Magazines are exchanged with the depots as others are.
 */

#include "depot.h"

struct cm_hard_thread;

/* A free slot of the class, a plain one, or NULL if there is no memory. Takes locks if the
 * magazine is empty. */
void *cm_hard_take(unsigned size_class);

/* Puts a block, which is zero, into quarantine. Takes locks if a magazine is full. */
void cm_hard_give(unsigned size_class, void *block);

/* Is it a block's turn to be one of the sample that is put between guards? */
bool cm_hard_is_sampled(void);

/* Gives all that this thread has back to the slabs. */
void cm_hard_flush(void);

/* Bytes of the blocks that a thread has, which may be at work; 0 for NULL. */
size_t cm_hard_cached(const struct cm_hard_thread *thread);

/* Below the limit, which is not 0. Random as an attacker sees it who does not see the addresses of
 * many blocks: this is no cipher. */
uint32_t cm_hard_random(uint32_t limit);

/* Before anything else here. */
void cm_hard_seed(void);

#endif

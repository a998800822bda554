/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_THREAD_H
#define CHUNKMALLOC_HOST_THREAD_H

/* Blocks from and to a thread's magazines, and where these do not serve. */

#include "depot.h"
#include "inside.h"

/* The position at the distance. */
static inline void **cm_top(uintptr_t distance) {
    return (void **)((uintptr_t)cm_origin() + distance);
}

static inline uintptr_t cm_distance(void **top) {
    return (uintptr_t)top - (uintptr_t)cm_origin();
}

/* A block of the class from the loaded magazine; NULL if that is empty, or there is none, or the
 * block does not bear the mark any more: the program freed it twice, or wrote to it after. */
static inline void *cm_thread_pop(size_t size_class) {
    const uintptr_t top = cm_thread_self.top[size_class];
    void **const block = (void **)cm_top(top)[-1];
    if (cm_unlikely((uintptr_t)block[1] != cm_free_mark())) {
        return NULL;
    }
    cm_thread_self.top[size_class] = top - sizeof(void *);
    block[1] = NULL;
    return block;
}

/* Puts a block into the loaded magazine; false if that is full, there is none, or the block bears
 * the mark of one that is free. */
static inline bool cm_thread_push(size_t size_class, void *block) {
    const uintptr_t top = cm_thread_self.top[size_class];
    uintptr_t *const mark = (uintptr_t *)block + 1;
    if (cm_unlikely(top % CM_MAGAZINE_SIZE == 0) || cm_unlikely(*mark == cm_free_mark())) {
        return false;
    }
    *mark = cm_free_mark();
    *cm_top(top) = block;
    cm_thread_self.top[size_class] = top + sizeof(void *);
    return true;
}

/* The same where the loaded magazine does not serve: exchange, fill, or do without. NULL if there
 * is no more memory. Stops the program if a free block does not bear the mark. */
void *cm_thread_take(unsigned size_class);

/* Stops the program if the block is free already. */
void cm_thread_give(unsigned size_class, void *block);

/* Is the block, at which a slot of the class starts, free? The mark alone is no proof: a program
 * may store any value. Looks everywhere, so only for blocks that bear the mark. */
bool cm_thread_block_is_free(unsigned size_class, const void *block);

static inline bool cm_is_marked(const void *block) {
    return ((const uintptr_t *)block)[1] == cm_free_mark();
}

/* Creates the key whose destructor gives a thread's magazines back, and registers the handlers of
 * forks, if that is not done yet. The first thread that needs it does so: threads and forks may
 * come before any constructor of ours. Called by the constructor too, so that it is done early. */
void cm_thread_set_up(void);

/* May this thread keep blocks to itself? Not if nobody would take them back when it ends. Creates
 * what takes them back if need be. */
bool cm_thread_is_active(void);

/* Gives this thread's magazines back to the slabs, but those of the hardened mode; nothing if one
 * may be half changed. */
void cm_thread_flush(void);

/* Number of threads with magazines, and the bytes of blocks in these. */
size_t cm_thread_count(size_t *cached);

/* Guards the list of threads. */
CM_HIDDEN extern struct cm_lock cm_thread_lock;

/* In the child of a fork: this thread is the only one. */
void cm_thread_after_fork(void);

#endif

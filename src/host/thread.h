/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_THREAD_H
#define CHUNKMALLOC_HOST_THREAD_H

/*
 * A thread's magazines: one word a class, the position after the top of the loaded magazine. All
 * zero is a thread that has none. NULL is a multiple of 512, as is the end of a full magazine, so
 * one test sends a free to the slow path in both cases.
 */

#include "depot.h"

enum cm_thread_state {
    CM_THREAD_NEW,
    CM_THREAD_ACTIVE,
    CM_THREAD_ENDING, /* its destructor ran once, and will again after those of others */
    CM_THREAD_ENDED   /* its magazines are gone; blocks go straight to and from the slabs */
};

struct cm_thread {
    void **top[CM_CLASSES + 1];
    struct cm_thread *next; /* in the list of threads with magazines */
    struct cm_thread *previous;
    enum cm_thread_state state;
};

_Static_assert(sizeof(struct cm_thread) <= 512, "static TLS is scarce: 512 bytes at most");

CM_HIDDEN extern __thread struct cm_thread cm_thread_self
    __attribute__((tls_model("initial-exec")));

/* A block of the class from the loaded magazine, or NULL if that is empty or there is none. */
static inline void *cm_thread_pop(unsigned class) {
    void **const top = cm_thread_self.top[class];
    if (cm_unlikely(top == NULL)) {
        return NULL;
    }
    void **const block = (void **)top[-1];
    if (cm_unlikely(block == NULL)) {
        return NULL;
    }
    cm_thread_self.top[class] = top - 1;
    block[1] = NULL; /* no longer CM_FREE_MARK */
    return block;
}

/* Puts a block into the loaded magazine; false if that is full, there is none, or the block bears
 * the mark of one that is free. */
static inline bool cm_thread_push(unsigned class, void *block) {
    void **const top = cm_thread_self.top[class];
    uint64_t *const mark = (uint64_t *)block + 1;
    if (cm_unlikely((uintptr_t)top % CM_MAGAZINE_SIZE == 0) || cm_unlikely(*mark == CM_FREE_MARK)) {
        return false;
    }
    *mark = CM_FREE_MARK;
    *top = block;
    cm_thread_self.top[class] = top + 1;
    return true;
}

/* The same where the loaded magazine does not serve: exchange, fill, or do without. NULL if there
 * is no more memory. */
void *cm_thread_take(unsigned class);

/* Stops the program if the block is free already. */
void cm_thread_give(unsigned class, void *block);

/* Is the block, at which a slot of the class starts, free? The mark alone is no proof: a program
 * may store any value. Looks everywhere, so only for blocks that bear the mark. */
bool cm_thread_block_is_free(unsigned class, const void *block);

static inline bool cm_is_marked(const void *block) {
    return ((const uint64_t *)block)[1] == CM_FREE_MARK;
}

/* Creates the key whose destructor gives a thread's magazines back. Called once, by a constructor;
 * only the main thread can allocate before that. */
void cm_thread_set_up(void);

/* Gives this thread's magazines back to the slabs. */
void cm_thread_flush(void);

/* Number of threads with magazines, and the bytes of blocks in these. */
size_t cm_thread_count(size_t *cached);

/* Guards the list of threads. */
CM_HIDDEN extern struct cm_lock cm_thread_lock;

/* In the child of a fork: this thread is the only one. */
void cm_thread_after_fork(void);

#endif

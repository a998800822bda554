/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_INSIDE_H
#define CHUNKMALLOC_HOST_INSIDE_H

/*
 * Is this thread in the allocator? If it is when it comes there again, then in a signal handler.
 * One that has interrupted a fast path does without the magazines, of which one is half changed.
 * One that has interrupted a slow part may wait for no lock either: what asks for memory is
 * refused, and blocks that are freed are put aside, or lost if there are too many. A handler that
 * never returns leaves its thread like that.
 */

#include "self.h"

enum { CM_INSIDE_FAST = 1, CM_INSIDE_SLOW = 2 };

static inline bool cm_is_inside_fast(void) {
    return (cm_thread_self.inside & CM_INSIDE_FAST) != 0;
}

static inline bool cm_is_inside_slow(void) {
    return (cm_thread_self.inside & CM_INSIDE_SLOW) != 0;
}

/* ---- the fast paths ---- */

/* False, with nothing changed, if this thread is in any part. */
static inline bool cm_enter_fast(void) {
    if (cm_unlikely(cm_thread_self.inside != 0)) {
        return false;
    }
    cm_thread_self.inside = CM_INSIDE_FAST;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return true;
}

static inline void cm_leave_fast(void) {
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    cm_thread_self.inside = 0;
}

/* ---- the slow parts ---- */

/* False, with nothing changed, if this thread is in one already. */
static inline bool cm_enter(void) {
    if (cm_unlikely(cm_is_inside_slow())) {
        return false;
    }
    cm_thread_self.inside |= CM_INSIDE_SLOW;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return true;
}

/* What handlers have put aside is left to the next one. */
static inline void cm_leave_aside(void) {
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    cm_thread_self.inside &= CM_INSIDE_FAST;
}

/* Called with no lock held. Frees what handlers have put aside. */
void cm_free_aside(void);

static inline void cm_leave(void) {
    cm_leave_aside();
    if (cm_unlikely(cm_thread_self.any_aside)) {
        cm_free_aside();
    }
}

/* For a block that cannot be freed now. */
void cm_set_aside(void *block);

/* A thread that ends, be it in a handler: what it was in the midst of stays undone. */
static inline void cm_leave_forever(void) {
    cm_thread_self.inside &= CM_INSIDE_SLOW;
}

#endif

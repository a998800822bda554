/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_INSIDE_H
#define CHUNKMALLOC_HOST_INSIDE_H

/*
 * Is this thread in the slow part of the allocator? If it is when it comes there again, then in a
 * signal handler that has interrupted it, and may wait for no lock: what asks for memory is
 * refused, and blocks that are freed are put aside, or lost if there are too many.
 */

#include "config.h"
#include <stdbool.h>

enum { CM_SET_ASIDE = 8 };

struct cm_inside {
    bool is;
    bool any_aside;
    void *aside[CM_SET_ASIDE]; /* NULL: a free place */
};

CM_HIDDEN extern __thread struct cm_inside cm_inside __attribute__((tls_model("initial-exec")));

/* False, with nothing changed, if this thread is inside already. */
static inline bool cm_enter(void) {
    if (cm_unlikely(cm_inside.is)) {
        return false;
    }
    cm_inside.is = true;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return true;
}

/* Called with no lock held. Frees what handlers have put aside. */
void cm_free_aside(void);

static inline void cm_leave(void) {
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    cm_inside.is = false;
    if (cm_unlikely(cm_inside.any_aside)) {
        cm_free_aside();
    }
}

/* For a block that cannot be freed now. */
void cm_set_aside(void *block);

#endif

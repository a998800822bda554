/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_SELF_H
#define CHUNKMALLOC_HOST_SELF_H

/*
 * What each thread has. Of its magazines one word a class, which says where the loaded magazine's
 * top is, as the distance from cm_origin to the position after the top. All zero is a thread that
 * has none: it then is at the end of cm_tables.nothing, below which there is cm_no_block(), as
 * below the lowest block of any magazine, and which is a multiple of 512, as is the distance to the
 * end of any full one. So one test tells whether a magazine can give a block, and one whether it
 * can take one.
 */

#include "classes.h"

enum cm_thread_state {
    CM_THREAD_NEW,
    CM_THREAD_ACTIVE,
    CM_THREAD_ENDING, /* its destructor ran once, and will again after those of others */
    CM_THREAD_ENDED   /* its magazines are gone; blocks go straight to and from the slabs */
};

enum { CM_SET_ASIDE = 8 };

struct cm_thread {
    uintptr_t top[CM_CLASSES + 1];
    unsigned char inside; /* in the midst of what; inside.h */
    bool any_aside;
    uint32_t place; /* in the list of threads with magazines */
    enum cm_thread_state state;
    struct cm_hard_thread *hard; /* what it has instead of magazines in the hardened mode */
    void *aside[CM_SET_ASIDE];   /* blocks that handlers have put aside; NULL: a free place */
};

_Static_assert(sizeof(struct cm_thread) <= 512, "static TLS is scarce: 512 bytes at most");

CM_HIDDEN extern __thread struct cm_thread cm_thread_self
    __attribute__((tls_model("initial-exec")));

#endif

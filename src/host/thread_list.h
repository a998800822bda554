/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_THREAD_LIST_H
#define CHUNKMALLOC_HOST_THREAD_LIST_H

/*
 * The threads with magazines, in a table of addresses: nobody but its thread writes to what a
 * thread has. A thread whose last destructors are the first to allocate ends without our hearing of
 * it; its place stays, and is passed over: that memory can no longer be read, or is another's.
 *
 * cm_thread_lock is held wherever these are called.
 */

#include <stdbool.h>
#include <stddef.h>

struct cm_thread;

/* False if there are too many. Constant time, as is removing. */
bool cm_thread_list_add(struct cm_thread *thread);
void cm_thread_list_remove(struct cm_thread *thread);

/* Forgets all. */
void cm_thread_list_clear(void);

/* The first thread from *place on, which is set to what follows; NULL: there is none. */
const struct cm_thread *cm_thread_list_next(size_t *place);

#endif

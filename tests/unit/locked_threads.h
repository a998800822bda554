/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_LOCKED_THREADS_H
#define TESTS_UNIT_LOCKED_THREADS_H

/* Four threads that share a lock, or a heap behind one. Fail the test if they get in each other's
 * way. */

#include <chunkmalloc/locked.h>

void locked_threads_count(const struct chunk_lock *lock);
void locked_threads_allocate(const struct chunk_locked_heap *locked);

#endif

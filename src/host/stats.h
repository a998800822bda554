/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_STATS_H
#define CHUNKMALLOC_HOST_STATS_H

#include <chunkmalloc/chunkmalloc.h>

/* Fills the whole structure. Takes each lock in turn. */
void cm_stats_collect(struct chunkmalloc_stats *stats);

/* Writes the statistics to the descriptor, as text or JSON; false, with errno, if that fails. */
bool cm_stats_write(int fd, bool json);

/* A broken invariant of a heap, slab or map, or NULL. Takes all locks. */
const char *cm_check(void);

#endif

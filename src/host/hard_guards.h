/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_HARD_GUARDS_H
#define CHUNKMALLOC_HOST_HARD_GUARDS_H

/*
 * Runs of the hardened mode with an inaccessible chunk on either side. A length is of what lies
 * between. Where the system refuses, where pages are larger than chunks, and where there are
 * thousands of such runs, the chunks are there, but can be touched.
 */

#include "hard.h"

/* Before any run is freed or resized, with a page that is zero: how is memory made
 * inaccessible? By markers, or else by protection, unless there is a limit on data, under which
 * what was made inaccessible may stay so. A filter of system calls may forbid to ask later. */
void cm_guards_set_up(void *page);

/* Would a new run have guards? */
bool cm_can_guard(void);

/* How memory is made inaccessible. */
enum cm_barrier {
    CM_BARRIER_NONE, /* it is not */
    CM_BARRIER_MARKERS,
    CM_BARRIER_PROTECTION
};

/* Makes whole chunks inaccessible, if it can. Their contents may be lost. */
enum cm_barrier cm_forbid(void *start, size_t size);

/* Makes accessible again what was made inaccessible so. False if the system refuses: then it takes
 * no memory and does not count as data; and nothing is protected from then on if that could not be
 * taken back, since a limit must have been set. */
bool cm_unforbid(void *start, size_t size, enum cm_barrier barrier);

/* The memory of length chunks between guards, marked as what starts there; NULL if there is none.
 */
unsigned char *cm_guarded_alloc(uint64_t length, uint64_t align, enum cm_kind kind);

/* The run of a block that starts in the first chunk, that chunk, and the length. */
struct cm_run cm_guarded_run(const struct cm_region *region, const void *block);
unsigned char *cm_guarded_memory(struct cm_run run);
uint32_t cm_guarded_length(struct cm_run run);

/* In place: the guard behind moves. False if that is not possible. */
bool cm_guarded_resize(struct cm_run run, uint32_t old, uint64_t wanted);

/* Of one that is condemned, with what lies between the guards behind such a barrier; if it cannot
 * be made accessible, it is lost. */
void cm_guarded_free(struct cm_run run, uint32_t length, bool purged, enum cm_barrier barrier);

#endif

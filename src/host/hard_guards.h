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

/* Makes whole chunks inaccessible, of which the contents may be lost. False if they are not. */
bool cm_forbid(void *start, size_t size);

/* The memory of length chunks between guards, marked as what starts there; NULL if there is none.
 */
unsigned char *cm_guarded_alloc(uint64_t length, uint64_t align, enum cm_kind kind);

/* The run of a block that starts in the first chunk, that chunk, and the length. */
struct cm_run cm_guarded_run(const struct cm_region *region, const void *block);
unsigned char *cm_guarded_memory(struct cm_run run);
uint32_t cm_guarded_length(struct cm_run run);

/* In place: the guard behind moves. False if that is not possible. */
bool cm_guarded_resize(struct cm_run run, uint32_t old, uint64_t wanted);

/* Makes all of it accessible again. False if the system refuses: then it takes no memory, nor does
 * it count as data, and nothing is protected from then on, since a limit must have been set. */
bool cm_unforbid(void *start, size_t size);

/* Of one that is condemned; if it cannot be made accessible, it is lost. */
void cm_guarded_free(struct cm_run run, uint32_t length, bool purged);

#endif

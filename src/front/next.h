/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_FRONT_NEXT_H
#define CHUNKMALLOC_FRONT_NEXT_H

/*
 * The allocator behind this one: the next definition of a function after ours in the program's
 * search order (next_dl.c), or what --wrap left under its __real_ name (next_real.c). Used for
 * pointers that are not ours, and for everything when the executable has its own malloc.
 */

#include <stdbool.h>
#include <stddef.h>

typedef void (*cm_function)(void);

/* The next function of that name, or NULL: a static program has no other allocator. Keeps errno.
 * Blocks that looking it up allocates are ours. Holds no lock of ours. */
cm_function cm_next(const char *name);

/* Is this thread within cm_next, which then gives NULL? */
bool cm_next_is_busy(void);

/* Does the executable define malloc itself? Then everything goes to the next allocator, as if this
 * library were not there. own is our malloc, winner the one that the program's calls reach. */
bool cm_stand_aside(const void *own, const void *winner);

#endif

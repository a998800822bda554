/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_FRONT_OTHERS_H
#define CHUNKMALLOC_FRONT_OTHERS_H

/*
 * Blocks of other allocators, served by the next one. Where there is none, a block that is nobody's
 * stops the program; but not while the next allocator is being looked for, as the block may be that
 * one's: it is left alone then.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* Does the executable define malloc itself? Then all calls go to the next allocator. For slow paths
 * only: while it stands aside, no magazine ever holds a block. */
bool cm_stands_aside(void);

/* As the C library's functions. */
void *cm_others_malloc(size_t size);
void *cm_others_memalign(size_t alignment, size_t size);
void *cm_others_realloc(void *block, size_t size);
void cm_others_free(void *block);
size_t cm_others_usable_size(void *block);

/* What a function returns that has no memory. */
static inline void *cm_no_memory(void) {
    errno = ENOMEM;
    return NULL;
}

#endif

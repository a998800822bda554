/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_FRONT_ENTRY_H
#define CHUNKMALLOC_FRONT_ENTRY_H

/*
 * The functions that the library replaces, with the contract of the C library's own: errno is
 * ENOMEM when there is no memory, size 0 gives a block, blocks are aligned to 16, free keeps errno.
 * All may be called from any thread. A call that a magazine serves takes no lock and constant time;
 * one that goes to a depot is bounded by the blocks of two magazines, one that goes to the heap by
 * the core's bounds; only unlocking and purging memory wait for the system.
 */

#include "names.h"
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/* This library's malloc, whichever one that name reaches. */
void *cm_own_malloc(size_t size);

/* malloc, aligned_alloc, free and free_sized on behalf of another function, past the fast paths:
 * its caller is who reports name. The last also tells which function it is for, and a second size
 * that is right. */
void *cm_malloc_for(const void *caller, size_t size);
void *cm_aligned_alloc_for(const void *caller, size_t alignment, size_t size);
void cm_free_for(const void *caller, void *block);
void cm_free_sized_for(const void *caller, const char *what, void *block, size_t size,
                       size_t as_well);

/* Stops the program if a block of ours is less aligned than what was about to free it says. */
void cm_check_alignment(const char *what, const void *block, size_t alignment);

struct mallinfo;
struct mallinfo2;

void *CM_ENTRY(malloc)(size_t size);
void CM_ENTRY(free)(void *block);
void *CM_ENTRY(calloc)(size_t count, size_t size);
void *CM_ENTRY(realloc)(void *block, size_t size);
int CM_ENTRY(posix_memalign)(void **block, size_t alignment, size_t size);
void *CM_ENTRY(aligned_alloc)(size_t alignment, size_t size);
void *CM_ENTRY(memalign)(size_t alignment, size_t size);
void *CM_ENTRY(valloc)(size_t size);
void *CM_ENTRY(pvalloc)(size_t size);
size_t CM_ENTRY(malloc_usable_size)(void *block);
void CM_ENTRY(cfree)(void *block);
void CM_ENTRY(free_sized)(void *block, size_t size);
void CM_ENTRY(free_aligned_sized)(void *block, size_t alignment, size_t size);

struct mallinfo CM_ENTRY(mallinfo)(void);
struct mallinfo2 CM_ENTRY(mallinfo2)(void);
int CM_ENTRY(malloc_info)(int options, FILE *stream);
void CM_ENTRY(malloc_stats)(void);
int CM_ENTRY(malloc_trim)(size_t pad);
int CM_ENTRY(mallopt)(int parameter, int value);

/* In programs that wrap the C library's only: see handed.c. */
#ifdef CM_WRAP
void *CM_ENTRY(reallocarray)(void *block, size_t count, size_t size);
ssize_t CM_ENTRY(getline)(char **line, size_t *size, FILE *stream);
ssize_t CM_ENTRY(getdelim)(char **line, size_t *size, int delimiter, FILE *stream);
ssize_t CM_ENTRY(__getdelim)(char **line, size_t *size, int delimiter, FILE *stream);
#endif

#endif

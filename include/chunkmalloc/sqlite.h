/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_SQLITE_H
#define CHUNKMALLOC_SQLITE_H

/*
 * SQLite on a chunk heap. Before anything else is asked of SQLite:
 *
 *     sqlite3_mem_methods methods = chunk_sqlite_methods(&locked);
 *     sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
 *
 * All that SQLite allocates then comes from the heap; when that is full, SQLITE_NOMEM is returned.
 * SQLite has one allocator a process, and gives its functions no context, so this header keeps the
 * heap in a static variable from sqlite3_initialize to sqlite3_shutdown. SQLite cannot use blocks
 * of 2 GiB and more. Chunks of 64 bytes suit it: it asks for the rounded size and uses all of it.
 */

#include <limits.h>
#include <sqlite3.h>

#include "locked.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where the heap is kept; private, as all functions but the last one. */
static inline const struct chunk_locked_heap **chunk_sqlite_heap_(void) {
    static const struct chunk_locked_heap *heap;
    return &heap;
}

static inline void *chunk_sqlite_alloc_(int size) {
    return chunk_locked_alloc(*chunk_sqlite_heap_(), (size_t)size);
}

static inline void chunk_sqlite_free_(void *block) {
    chunk_locked_free(*chunk_sqlite_heap_(), block);
}

static inline void *chunk_sqlite_realloc_(void *block, int size) {
    return chunk_locked_realloc(*chunk_sqlite_heap_(), block, (size_t)size);
}

static inline int chunk_sqlite_size_(void *block) {
    return (int)chunk_locked_usable_size(*chunk_sqlite_heap_(), block);
}

/* 0, with which the allocation fails, when no int holds the size. */
static inline int chunk_sqlite_round_up_(int size) {
    const size_t last = chunk_heap_chunk_size((*chunk_sqlite_heap_())->heap) - 1;
    const size_t rounded = ((size_t)size + last) & ~last;
    return rounded <= INT_MAX ? (int)rounded : 0;
}

static inline int chunk_sqlite_begin_(void *locked) {
    *chunk_sqlite_heap_() = (const struct chunk_locked_heap *)locked;
    return SQLITE_OK;
}

static inline void chunk_sqlite_end_(void *locked) {
    (void)locked;
    *chunk_sqlite_heap_() = NULL;
}

/* For sqlite3_config(SQLITE_CONFIG_MALLOC, ...), which copies it. The heap must live until
 * sqlite3_shutdown. Constant time. */
static inline sqlite3_mem_methods chunk_sqlite_methods(const struct chunk_locked_heap *locked) {
    sqlite3_mem_methods methods;
    methods.xMalloc = chunk_sqlite_alloc_;
    methods.xFree = chunk_sqlite_free_;
    methods.xRealloc = chunk_sqlite_realloc_;
    methods.xSize = chunk_sqlite_size_;
    methods.xRoundup = chunk_sqlite_round_up_;
    methods.xInit = chunk_sqlite_begin_;
    methods.xShutdown = chunk_sqlite_end_;
    methods.pAppData = (void *)locked;
    return methods;
}

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_LUA_H
#define CHUNKMALLOC_LUA_H

/*
 * Lua's allocation function (lua_Alloc of 5.1 and later) over a chunk heap; Lua's header is not
 * needed:
 *
 *     lua_State *state = lua_newstate(chunk_lua_alloc, (void *)&heap);
 *
 * The heap is the state's memory limit: when it is full Lua collects garbage, and if that does not
 * help raises "not enough memory", which the program can catch. Chunks of 16 bytes suit Lua's small
 * objects. Thread rule and time are those of the heap.
 */

#include "locked.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * old_size is the block's size when there is a block, and Lua's kind of object when there is none.
 * It must be true, or it is misuse. A new_size of 0 frees. To shrink never fails, on which Lua
 * relies. NULL when there is no memory, with the block as it was.
 */
static inline void *chunk_lua_alloc(void *heap, void *block, size_t old_size, size_t new_size) {
    const struct chunk_heap *const own = (const struct chunk_heap *)heap;
    if (new_size == 0) {
        chunk_free_sized(own, block, old_size);
        return NULL;
    }
    return chunk_realloc(own, block, new_size);
}

/* The same over a `struct chunk_locked_heap`, for states in several threads that share it. */
static inline void *chunk_locked_lua_alloc(void *locked, void *block, size_t old_size,
                                           size_t new_size) {
    const struct chunk_locked_heap *const shared = (const struct chunk_locked_heap *)locked;
    if (new_size == 0) {
        chunk_locked_free_sized(shared, block, old_size);
        return NULL;
    }
    return chunk_locked_realloc(shared, block, new_size);
}

#ifdef __cplusplus
}
#endif

#endif

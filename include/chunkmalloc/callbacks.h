/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_CALLBACKS_H
#define CHUNKMALLOC_CALLBACKS_H

/*
 * Allocation functions in the shapes in which C libraries ask for them, over a heap of yours. No
 * library's header is needed. Thread rule and time are those of the heap: a library that is used by
 * several threads needs the functions for a chunk_locked_heap.
 *
 * All follow the C library where a library could rely on that: size 0 gives a block with an
 * address of its own; freeing NULL does nothing; realloc of NULL allocates; realloc to size 0 frees
 * and returns NULL; a product of count and size that no size_t holds is refused. NULL when there is
 * no memory; a block that was to be resized is then as it was. errno is not set.
 */

#include "locked.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of count things; when no size_t holds them, what no heap has. Private. */
static inline size_t chunk_callback_bytes_(size_t count, size_t size) {
    return size != 0 && count > SIZE_MAX / size ? SIZE_MAX : count * size;
}

/* ---- with a context, which is the heap ---------------------------------------------------------
 *
 * The context is `(void *)&heap`. The functions only read the heap's descriptor, so a const one
 * serves.
 */

static inline void *chunk_callback_alloc(void *heap, size_t size) {
    return chunk_alloc((const struct chunk_heap *)heap, size);
}

/* The items are zero, as calloc's are. */
static inline void *chunk_callback_calloc(void *heap, size_t count, size_t size) {
    return chunk_alloc_zeroed((const struct chunk_heap *)heap, chunk_callback_bytes_(count, size));
}

/* As zlib's alloc_func: the items are not cleared. */
static inline void *chunk_callback_alloc_items(void *heap, unsigned count, unsigned size) {
    return chunk_alloc((const struct chunk_heap *)heap, chunk_callback_bytes_(count, size));
}

static inline void chunk_callback_free(void *heap, void *block) {
    chunk_free((const struct chunk_heap *)heap, block);
}

static inline void *chunk_callback_realloc(void *heap, void *block, size_t size) {
    if (block != NULL && size == 0) {
        chunk_callback_free(heap, block);
        return NULL;
    }
    return chunk_realloc((const struct chunk_heap *)heap, block, size);
}

/* The same for a context that is a `struct chunk_locked_heap`. */

static inline void *chunk_locked_callback_alloc(void *locked, size_t size) {
    return chunk_locked_alloc((const struct chunk_locked_heap *)locked, size);
}

static inline void *chunk_locked_callback_calloc(void *locked, size_t count, size_t size) {
    return chunk_locked_alloc_zeroed((const struct chunk_locked_heap *)locked,
                                     chunk_callback_bytes_(count, size));
}

static inline void *chunk_locked_callback_alloc_items(void *locked, unsigned count, unsigned size) {
    return chunk_locked_alloc((const struct chunk_locked_heap *)locked,
                              chunk_callback_bytes_(count, size));
}

static inline void chunk_locked_callback_free(void *locked, void *block) {
    chunk_locked_free((const struct chunk_locked_heap *)locked, block);
}

static inline void *chunk_locked_callback_realloc(void *locked, void *block, size_t size) {
    if (block != NULL && size == 0) {
        chunk_locked_callback_free(locked, block);
        return NULL;
    }
    return chunk_locked_realloc((const struct chunk_locked_heap *)locked, block, size);
}

#ifdef __cplusplus
}
#endif

/* ---- without a context -------------------------------------------------------------------------
 *
 * CHUNK_CALLBACKS_DEFINE(name, &heap) and CHUNK_LOCKED_CALLBACKS_DEFINE(name, &locked)
 *
 * At file scope: static functions name_alloc(size), name_calloc(count, size), name_realloc(block,
 * size) and name_free(block) over that heap, in the shapes of malloc, calloc, realloc and free.
 */
#define CHUNK_CALLBACKS_DEFINE(name, heap) CHUNK_CALLBACKS_DEFINE_(name, chunk_callback, heap)
#define CHUNK_LOCKED_CALLBACKS_DEFINE(name, locked) \
    CHUNK_CALLBACKS_DEFINE_(name, chunk_locked_callback, locked)

/*
 * CHUNK_OPENSSL_CALLBACKS_DEFINE(name, &locked)
 *
 * At file scope: name_alloc, name_realloc and name_free, static, as OpenSSL's
 * CRYPTO_set_mem_functions takes them, with OpenSSL's own convention: size 0 gives NULL, which it
 * does not take for a failure.
 */
#define CHUNK_OPENSSL_CALLBACKS_DEFINE(name, locked)                                             \
    static CHUNK_CALLBACKS_UNUSED_ void *name##_alloc(size_t size, const char *file, int line) { \
        (void)file;                                                                              \
        (void)line;                                                                              \
        return size != 0 ? chunk_locked_callback_alloc((void *)(locked), size) : NULL;           \
    }                                                                                            \
    static CHUNK_CALLBACKS_UNUSED_ void *name##_realloc(void *block, size_t size,                \
                                                        const char *file, int line) {            \
        (void)file;                                                                              \
        (void)line;                                                                              \
        return block != NULL || size != 0                                                        \
                   ? chunk_locked_callback_realloc((void *)(locked), block, size)                \
                   : NULL;                                                                       \
    }                                                                                            \
    static CHUNK_CALLBACKS_UNUSED_ void name##_free(void *block, const char *file, int line) {   \
        (void)file;                                                                              \
        (void)line;                                                                              \
        chunk_locked_callback_free((void *)(locked), block);                                     \
    }                                                                                            \
    CHUNK_CALLBACKS_END_

#define CHUNK_CALLBACKS_UNUSED_ __attribute__((unused))
#define CHUNK_CALLBACKS_END_ struct chunk_heap

#define CHUNK_CALLBACKS_DEFINE_(name, functions, heap)                              \
    static CHUNK_CALLBACKS_UNUSED_ void *name##_alloc(size_t size) {                \
        return functions##_alloc((void *)(heap), size);                             \
    }                                                                               \
    static CHUNK_CALLBACKS_UNUSED_ void *name##_calloc(size_t count, size_t size) { \
        return functions##_calloc((void *)(heap), count, size);                     \
    }                                                                               \
    static CHUNK_CALLBACKS_UNUSED_ void *name##_realloc(void *block, size_t size) { \
        return functions##_realloc((void *)(heap), block, size);                    \
    }                                                                               \
    static CHUNK_CALLBACKS_UNUSED_ void name##_free(void *block) {                  \
        functions##_free((void *)(heap), block);                                    \
    }                                                                               \
    CHUNK_CALLBACKS_END_

#endif

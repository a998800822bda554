/* SPDX-License-Identifier: MIT */
#ifndef CONTRACT_ENTRIES_H
#define CONTRACT_ENTRIES_H

/* Every way to ask the C library for a block, in one table. */

#include "../support.h"

#include <malloc.h>

struct entry_point {
    const char *name;
    void *(*get)(size_t size);
    size_t alignment; /* that the block must have */
};

static inline void *entry_malloc(size_t size) {
    return malloc(hide_size(size));
}

static inline void *entry_calloc_one(size_t size) {
    return calloc(hide_size(1), hide_size(size));
}

static inline void *entry_calloc_bytes(size_t size) {
    return calloc(hide_size(size), hide_size(1));
}

static inline void *entry_realloc(size_t size) {
    return realloc(hide(NULL), hide_size(size));
}

static inline void *entry_reallocarray_one(size_t size) {
    return reallocarray(hide(NULL), hide_size(1), hide_size(size));
}

static inline void *entry_reallocarray_bytes(size_t size) {
    return reallocarray(hide(NULL), hide_size(size), hide_size(1));
}

static inline void *entry_posix_memalign(size_t size) {
    void *block = NULL;
    const int before = errno;
    const int error = posix_memalign(&block, 64, hide_size(size));
    CHECK((error == 0) == (block != NULL));
    errno = error != 0 ? error : before;
    return block;
}

static inline void *entry_aligned_alloc(size_t size) {
    return aligned_alloc(32, hide_size(size));
}

static inline void *entry_memalign(size_t size) {
    return memalign(8192, hide_size(size));
}

static inline void *entry_valloc(size_t size) {
    return valloc(hide_size(size));
}

static inline void *entry_pvalloc(size_t size) {
    return pvalloc(hide_size(size));
}

static const struct entry_point entries[] = {
    {"malloc", entry_malloc, 16},
    {"calloc(1, n)", entry_calloc_one, 16},
    {"calloc(n, 1)", entry_calloc_bytes, 16},
    {"realloc(NULL, n)", entry_realloc, 16},
    {"reallocarray(NULL, 1, n)", entry_reallocarray_one, 16},
    {"reallocarray(NULL, n, 1)", entry_reallocarray_bytes, 16},
    {"posix_memalign", entry_posix_memalign, 64},
    {"aligned_alloc", entry_aligned_alloc, 32},
    {"memalign", entry_memalign, 8192},
    {"valloc", entry_valloc, 4096},
    {"pvalloc", entry_pvalloc, 4096},
};

#define ENTRY_COUNT (sizeof entries / sizeof entries[0])

/* Sizes around every boundary that an allocator may have: powers of two and quarters of them. */
enum { BOUNDARY_MAX = 512 };

static inline size_t boundary_sizes(size_t sizes[BOUNDARY_MAX], size_t limit) {
    size_t count = 0;
    for (size_t size = 0; size < 18; size++) {
        sizes[count++] = size;
    }
    for (size_t power = 16; power < limit; power *= 2) {
        for (size_t quarter = 5; quarter <= 8; quarter++) {
            const size_t middle = power / 4 * quarter;
            for (size_t size = middle - 1; size <= middle + 1; size++) {
                if (size <= limit && size > sizes[count - 1]) {
                    sizes[count++] = size;
                }
            }
        }
    }
    CHECK(count <= BOUNDARY_MAX);
    return count;
}

#endif

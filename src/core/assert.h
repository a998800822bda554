/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_CORE_ASSERT_H
#define CHUNKMALLOC_CORE_ASSERT_H

#include <stdbool.h>

/* 0: only the cheap assertions; 1: the debugging ones too; 2: the whole heap after each operation.
 */
#ifndef CHUNK_CHECKS
#define CHUNK_CHECKS 0
#endif

/* Holds in every build: bookkeeping that fails it must not be used any further. */
static inline void chunk_require(bool condition) {
    if (__builtin_expect(!condition, 0)) {
        __builtin_trap();
    }
}

static inline void chunk_debug(bool condition) {
    if (CHUNK_CHECKS >= 1) {
        chunk_require(condition);
    }
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_FRONT_REAL_H
#define CHUNKMALLOC_FRONT_REAL_H

/*
 * The C library's allocator in a program that wraps it: what the linker makes of __real_NAME when
 * it is told --wrap=NAME. Weak, as a static program has none, because nothing there asks for it, or
 * has of musl's only what musl keeps for itself; without --wrap there is none either.
 */

#include <stdbool.h>
#include <stddef.h>

extern void *__real_malloc(size_t size) __attribute__((weak));
extern void __real_free(void *block) __attribute__((weak));
extern void *__real_realloc(void *block, size_t size) __attribute__((weak));
extern size_t __real_malloc_usable_size(void *block) __attribute__((weak));

/* Is there one that can take blocks back? */
static inline bool cm_has_real(void) {
    return __real_malloc != NULL && __real_free != NULL && __real_realloc != NULL;
}

#endif

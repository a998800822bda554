/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_FRONT_OPERATORS_H
#define CHUNKMALLOC_FRONT_OPERATORS_H

/*
 * C++'s operators new and delete that a program may replace, by the names that they have in
 * libraries (Itanium C++ ABI, size_t being unsigned long): w and l for one object, a for arrays;
 * with an alignment (align_val_t); with a reference that asks for NULL instead of an exception.
 *
 * In the hardened library only, so that delete knows which size the program names, and reports who
 * called. Where the program has replaced one of them, or malloc, all step aside for the C++
 * library's, which call each other as the standard says. So they do when there is no memory: only
 * the C++ library can call the new handler and throw. Thread rules and time are those of malloc and
 * free.
 */

#include "names.h"
#include <stddef.h>

/* A block, never NULL: what has no memory throws. */
void *_Znwm(size_t size);
void *_Znam(size_t size);
void *_ZnwmSt11align_val_t(size_t size, size_t alignment);
void *_ZnamSt11align_val_t(size_t size, size_t alignment);

/* A block, or NULL. */
void *_ZnwmRKSt9nothrow_t(size_t size, const void *nothrow);
void *_ZnamRKSt9nothrow_t(size_t size, const void *nothrow);
void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment, const void *nothrow);
void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment, const void *nothrow);

/* As free. */
void _ZdlPv(void *block);
void _ZdaPv(void *block);
void _ZdlPvSt11align_val_t(void *block, size_t alignment);
void _ZdaPvSt11align_val_t(void *block, size_t alignment);
void _ZdlPvRKSt9nothrow_t(void *block, const void *nothrow);
void _ZdaPvRKSt9nothrow_t(void *block, const void *nothrow);
void _ZdlPvSt11align_val_tRKSt9nothrow_t(void *block, size_t alignment, const void *nothrow);
void _ZdaPvSt11align_val_tRKSt9nothrow_t(void *block, size_t alignment, const void *nothrow);

/* As free_sized; but the C++ library that the block is from may have asked for as much as the
 * alignment demands, or for one byte instead of none. */
void _ZdlPvm(void *block, size_t size);
void _ZdaPvm(void *block, size_t size);
void _ZdlPvmSt11align_val_t(void *block, size_t size, size_t alignment);
void _ZdaPvmSt11align_val_t(void *block, size_t size, size_t alignment);

#endif

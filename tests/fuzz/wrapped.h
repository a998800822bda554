/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_WRAPPED_H
#define TESTS_FUZZ_WRAPPED_H

/* The allocator by the names that the archive has for the linker: malloc itself is the engine's. */

#include <stddef.h>
#include <stdio.h>

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_memalign(size_t alignment, size_t size);
int __wrap_posix_memalign(void **block, size_t alignment, size_t size);
size_t __wrap_malloc_usable_size(void *block);
void __wrap_free(void *block);
void __wrap_free_sized(void *block, size_t size);
int __wrap_malloc_trim(size_t pad);
int __wrap_malloc_info(int options, FILE *stream);

#endif

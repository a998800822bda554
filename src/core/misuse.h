/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_CORE_MISUSE_H
#define CHUNKMALLOC_CORE_MISUSE_H

#include <chunkmalloc/heap.h>

/* Calls the heap's hook, or traps if it has none. Returns if the hook does. */
void chunk_misuse_report(const struct chunk_heap *heap, enum chunk_misuse kind,
                         const void *pointer);

/* Reports CHUNK_MISUSE_CORRUPT, and traps if the hook returns. */
_Noreturn void chunk_misuse_corrupt(const struct chunk_heap *heap, const void *node);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef BENCH_TLSF_H
#define BENCH_TLSF_H

/*
 * A yardstick: a plain two-level segregated fit as its authors describe it (Masmano, Ripoll,
 * Crespo, Real, ECRTS 2004), everything in the heap's own memory but the heads of the lists. Each
 * block has a header of 8 bytes; what it holds is aligned to 16. Nothing is checked.
 */

#include <stddef.h>

enum { TLSF_GRAIN = 16 };

/* Bytes that the lists' heads take, a multiple of 64. */
size_t tlsf_lists_size(void);

/* An empty heap of size bytes, a multiple of 64. Memory and lists are aligned to 16. */
void tlsf_open(void *memory, size_t size, void *lists);

/* NULL when there is no block that is certain to fit. Constant time. */
void *tlsf_alloc(size_t size);

/* The same, aligned to a power of two. */
void *tlsf_aligned(size_t alignment, size_t size);

/* Joins the block with its free neighbours. Constant time. */
void tlsf_free(void *block);

/* In place where the right neighbour allows it; otherwise a new block and a copy. */
void *tlsf_realloc(void *block, size_t size);

/* Bytes of the heap that a block of that size takes, its header included. */
size_t tlsf_taken(size_t size);

/* A size that an empty heap of that size gives: at most 1/32 less than there is. */
size_t tlsf_whole(size_t size);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SEED_H
#define BENCH_SEED_H

/*
 * A yardstick: the search of the ancestor of this project, with its flaws, written from the
 * description of what it does. One bit a chunk says that the chunk is in use; blocks have no
 * header, so whoever frees one says how long it is.
 */

#include <stddef.h>

/* A multiple of 8 bytes for a heap of that many chunks. */
size_t seed_bitmap_size(size_t chunks);

/* An empty heap. The bitmap is beside it; what else changes lies at the bitmap's end. */
void seed_open(void *memory, size_t chunks, size_t chunk_size, void *bitmap);

/* NULL when no place is found. Linear in the heap's chunks times those of the block. */
void *seed_alloc(size_t alignment, size_t size);

/* The size is that of the block: with a smaller one, its tail stays in use for good. */
void seed_free(void *block, size_t size);

/* Keeps the block where it is if it does not take more chunks than before. Then its tail is not
 * given back, and is lost when the block is freed with its new size. */
void *seed_realloc(void *block, size_t old_size, size_t size);

/* Bytes of whole chunks that a block of that size takes. */
size_t seed_taken(size_t size);

#endif

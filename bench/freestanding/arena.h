/* SPDX-License-Identifier: MIT */
#ifndef BENCH_ARENA_H
#define BENCH_ARENA_H

/*
 * The memory of the heap under test: the heap, and right after it what the allocator keeps beside
 * it. Every page is touched before anything is measured, so no page fault is; pages are small ones,
 * aligned to the heap's size rounded up to a power of two, so large alignments are fair.
 */

#include "adapter.h"

struct arena {
    unsigned char *memory;
    size_t size;        /* of the heap */
    size_t bookkeeping; /* bytes beside it */
    size_t chunk_size;
};

static inline struct arena arena_make(size_t size, size_t chunk_size) {
    struct arena arena = {NULL, size / chunk_size * chunk_size, 0, chunk_size};
    arena.bookkeeping = adapter_bookkeeping(arena.size, chunk_size);
    size_t alignment = PAGE;
    while (alignment < size)
        alignment *= 2;
    const size_t total = arena.size + arena.bookkeeping;
    unsigned char *const mapped = table(total + alignment);
    arena.memory = mapped + (alignment - (uintptr_t)mapped % alignment) % alignment;
    madvise(arena.memory, total, MADV_NOHUGEPAGE);
    memset(arena.memory, 0x5a, total);
    return arena;
}

static inline void arena_open(const struct arena *arena) {
    adapter_open(arena->memory, arena->size, arena->chunk_size, arena->memory + arena->size);
}

static inline void arena_print(const char *workload, const struct arena *arena) {
    printf("{\"workload\":\"%s\",\"chunk\":%zu,\"heap\":%zu,\"bookkeeping\":%zu", workload,
           arena->chunk_size, arena->size, arena->bookkeeping);
}

/* A block of the workload. In a run that verifies, all of it is written and checked. */
struct block {
    unsigned char *start;
    size_t size;
};

static inline void block_fill(const struct arena *arena, const struct block *block,
                              size_t alignment) {
    const uintptr_t offset = (uintptr_t)block->start - (uintptr_t)arena->memory;
    if (offset >= arena->size || block->size > arena->size - offset)
        fail("WRONG BLOCK: %p of %zu bytes is not in the heap\n", (void *)block->start,
             block->size);
    if ((uintptr_t)block->start % alignment != 0)
        fail("WRONG BLOCK: %p is not aligned to %zu\n", (void *)block->start, alignment);
    memset(block->start, mark_byte((uintptr_t)block->start), block->size);
}

/* The first size bytes are as they were when the block started at from. */
static inline void block_check(const struct block *block, size_t size, const void *from) {
    const uint8_t expected = mark_byte((uintptr_t)from);
    for (size_t i = 0; i < size; i++) {
        if (block->start[i] != expected)
            fail("WRONG DATA: byte %zu of the block %p of %zu bytes\n", i, (void *)block->start,
                 block->size);
    }
}

#endif

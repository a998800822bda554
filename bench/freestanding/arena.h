/* SPDX-License-Identifier: MIT */
#ifndef BENCH_ARENA_H
#define BENCH_ARENA_H

/*
 * The memory of the heap under test: the heap, and right after it what the allocator keeps beside
 * it, aligned to the heap's size rounded up to a power of two, so large alignments are fair. Every
 * page is touched before anything is measured, so no page fault is. Pages are huge ones if wanted
 * and if the system has them: where there is none, no tables of small pages are walked.
 */

#include "adapter.h"

struct arena {
    unsigned char *memory;
    size_t size;        /* of the heap */
    size_t bookkeeping; /* bytes beside it */
    size_t chunk_size;
    size_t huge; /* bytes of both that lie in huge pages */
};

#define ARENA_HUGE_PAGE (2 * MIB)

/* Bytes of this process that lie in huge pages. */
static inline size_t arena_in_huge_pages(void) {
    FILE *const file = fopen("/proc/self/smaps_rollup", "r");
    if (file == NULL)
        return 0;
    char line[128];
    size_t kib = 0;
    static const char field[] = "AnonHugePages:";
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, field, sizeof field - 1) == 0)
            kib = strtoull(line + sizeof field - 1, NULL, 10);
    }
    fclose(file);
    return kib * KIB;
}

static inline struct arena arena_make(size_t size, size_t chunk_size, bool huge) {
    struct arena arena = {NULL, size / chunk_size * chunk_size, 0, chunk_size, 0};
    arena.bookkeeping = adapter_bookkeeping(arena.size, chunk_size);
    size_t alignment = ARENA_HUGE_PAGE;
    while (alignment < size)
        alignment *= 2;
    const size_t whole = arena.size + arena.bookkeeping + ARENA_HUGE_PAGE - 1;
    const size_t total = whole / ARENA_HUGE_PAGE * ARENA_HUGE_PAGE;
    const size_t before = arena_in_huge_pages();
    unsigned char *const mapped = table(total + alignment);
    arena.memory = mapped + (alignment - (uintptr_t)mapped % alignment) % alignment;
    madvise(arena.memory, total, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    memset(arena.memory, 0x5a, total);
    arena.huge = arena_in_huge_pages() - before;
    return arena;
}

static inline void arena_open(const struct arena *arena) {
    adapter_open(arena->memory, arena->size, arena->chunk_size, arena->memory + arena->size);
}

static inline void arena_print(const char *workload, const struct arena *arena) {
    printf("{\"workload\":\"%s\",\"chunk\":%zu,\"heap\":%zu,\"bookkeeping\":%zu,"
           "\"huge\":%zu",
           workload, arena->chunk_size, arena->size, arena->bookkeeping, arena->huge);
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

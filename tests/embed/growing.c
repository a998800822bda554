/* SPDX-License-Identifier: MIT */
/*
 * A heap that grows: 64 MiB of address space are reserved, and made memory as the heap asks for
 * more; what it no longer needs at its end is given back.
 */
#include "ending.h"

#include <sys/mman.h>

enum { CHUNKS = 1 << 16, CHUNK_SIZE = 1024, STEP = 256, MOST = CHUNKS / 2 };

static uint64_t bookkeeping[CHUNK_HEAP_BOOKKEEPING_SIZE(CHUNKS, CHUNK_HEAP_GROWS) / 8];
static unsigned asked;

static size_t available(const struct chunk_heap *heap) {
    struct chunk_heap_stats stats;
    chunk_heap_get_stats(heap, &stats);
    return stats.available;
}

/* The source hook: opens what is missing and a little more, up to a limit of its own. */
static bool open_more(const struct chunk_heap *heap, size_t chunks) {
    const size_t from = available(heap);
    const size_t wanted = (chunks + STEP - 1) / STEP * STEP;
    asked++;
    return wanted <= MOST - from &&
           mprotect(heap->memory + from * CHUNK_SIZE, wanted * CHUNK_SIZE,
                    PROT_READ | PROT_WRITE) == 0 &&
           chunk_heap_extend(heap, from + wanted);
}

/* Whole steps above the last live block go back; they come again zero-filled. */
static void close_what_is_free(const struct chunk_heap *heap) {
    struct chunk_heap_stats stats;
    chunk_heap_get_stats(heap, &stats);
    const size_t kept = (stats.frontier + STEP - 1) / STEP * STEP;
    CHECK(chunk_heap_truncate(heap, kept));
    CHECK(mmap(heap->memory + kept * CHUNK_SIZE, (stats.available - kept) * CHUNK_SIZE, PROT_NONE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED);
}

static void fill(const struct chunk_heap *heap, unsigned char **blocks, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const size_t size = 1 + i * 37 % 5000;
        blocks[i] = chunk_alloc(heap, size);
        CHECK(blocks[i] != NULL);
        pattern_fill(blocks[i], size, i);
    }
}

static void empty(const struct chunk_heap *heap, unsigned char **blocks, size_t count) {
    for (size_t i = 0; i < count; i++) {
        CHECK(pattern_holds(blocks[i], 1 + i * 37 % 5000, i));
        chunk_free(heap, blocks[i]);
    }
}

int main(void) {
    enum { COUNT = 3000 };
    static unsigned char *blocks[COUNT];
    struct chunk_heap heap;
    void *const memory = mmap(NULL, (size_t)CHUNKS * CHUNK_SIZE, PROT_NONE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(memory != MAP_FAILED);
    CHECK(chunk_heap_init(&heap, memory, (size_t)CHUNKS * CHUNK_SIZE, CHUNK_SIZE, bookkeeping,
                          sizeof bookkeeping, CHUNK_HEAP_GROWS) == CHUNK_HEAP_OK);
    heap.source = open_more;
    for (int round = 0; round < 3; round++) {
        asked = 0;
        fill(&heap, blocks, COUNT);
        CHECK(asked > 10 && available(&heap) > COUNT);
        unsigned char *const large = chunk_alloc(&heap, (size_t)1000 * CHUNK_SIZE);
        CHECK(large != NULL && chunk_resize(&heap, large, (size_t)3000 * CHUNK_SIZE));
        CHECK(chunk_alloc(&heap, (size_t)MOST * CHUNK_SIZE) == NULL);
        chunk_free(&heap, large);
        empty(&heap, blocks, COUNT);
        close_what_is_free(&heap);
        CHECK(available(&heap) == 0);
    }
    check_ending("growing", &heap);
    return 0;
}

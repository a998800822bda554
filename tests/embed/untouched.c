/* SPDX-License-Identifier: MIT */
/*
 * Heaps over what must not be touched: a reservation of 1 GiB that nobody may read or write, of
 * which address ranges are handed out, and numbers that are not memory at all. Any access to either
 * by the allocator would end the program.
 */
#include "ending.h"

#include <sys/mman.h>

enum { CHUNKS = 1 << 18, CHUNK_SIZE = 4096, LIVE = 300, ROUNDS = 100000 };

static uint64_t bookkeeping[CHUNK_HEAP_BOOKKEEPING_SIZE(CHUNKS, CHUNK_HEAP_NODES_OUTSIDE) / 8];

static unsigned char *first; /* of the heap in use */

static struct chunk_heap heap_over(void *memory, size_t size, size_t chunk_size) {
    struct chunk_heap heap;
    first = memory;
    CHECK(chunk_heap_init(&heap, memory, size, chunk_size, bookkeeping, sizeof bookkeeping,
                          CHUNK_HEAP_NODES_OUTSIDE) == CHUNK_HEAP_OK);
    return heap;
}

/* Who has each chunk: 0 for nobody, or a number of the table below plus 1. */
static uint16_t owners[CHUNKS];

struct range {
    unsigned char *start;
    size_t size;
};

static void change_owner(const struct chunk_heap *heap, struct range range, size_t from,
                         size_t to) {
    if (range.start == NULL) {
        return;
    }
    const size_t chunk_size = chunk_heap_chunk_size(heap);
    const size_t start = (size_t)(range.start - first) / chunk_size;
    const size_t count = range.size == 0 ? 1 : (range.size + chunk_size - 1) / chunk_size;
    CHECK(chunk_usable_size(heap, range.start) == count * chunk_size);
    for (size_t i = 0; i < count; i++) {
        CHECK(owners[start + i] == from);
        owners[start + i] = (uint16_t)to;
    }
}

static void step(const struct chunk_heap *heap, struct support_random *random, size_t me,
                 struct range *range) {
    const size_t limit = chunk_heap_capacity(heap) / 32;
    const size_t size = random_size(random, limit);
    change_owner(heap, *range, me, 0);
    if (random_below(random, 3) == 0 && chunk_resize(heap, range->start, size)) {
        range->size = size;
    } else if (random_below(random, 3) != 0) {
        const size_t alignment = (size_t)1 << random_below(random, 20);
        chunk_free(heap, range->start);
        *range = (struct range){chunk_alloc_aligned(heap, alignment, size), size};
        CHECK(is_aligned(range->start, alignment));
    }
    change_owner(heap, *range, 0, me);
}

static void use(const struct chunk_heap *heap) {
    struct range ranges[LIVE] = {{NULL, 0}};
    struct support_random random = {.state = 1};
    for (int round = 0; round < ROUNDS; round++) {
        const size_t i = random_below(&random, LIVE);
        step(heap, &random, i + 1, &ranges[i]);
    }
    CHECK(chunk_heap_check(heap, CHUNK_CHECK_EXHAUSTIVE) == NULL);
    for (size_t i = 0; i < LIVE; i++) {
        change_owner(heap, ranges[i], i + 1, 0);
        chunk_free(heap, ranges[i].start);
    }
}

static void address_space(void) {
    const size_t size = (size_t)CHUNKS * CHUNK_SIZE;
    void *const memory =
        mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(memory != MAP_FAILED);
    const struct chunk_heap heap = heap_over(memory, size, CHUNK_SIZE);
    use(&heap);
    check_ending("address space", &heap);
    CHECK(munmap(memory, size) == 0);
}

/* Number n is "address" 16 n: at these there is nothing. */
static void numbers(void) {
    const struct chunk_heap heap = heap_over((void *)16, (size_t)65535 * 16, 16);
    const uintptr_t one = (uintptr_t)chunk_alloc(&heap, 16) / 16;
    const uintptr_t hundred = (uintptr_t)chunk_alloc(&heap, (size_t)100 * 16) / 16;
    CHECK(one == 1 && hundred == 2);
    chunk_free(&heap, (void *)(one * 16));
    chunk_free(&heap, (void *)(hundred * 16));
    use(&heap);
    check_ending("numbers", &heap);
}

int main(void) {
    address_space();
    numbers();
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Heaps made at run time: over a static array, over a mapping, over a block of that heap, and one
 * over another mapping that threads share.
 */
#include "ending.h"

#include <chunkmalloc/mutex.h>

#include <sys/mman.h>

enum { LIVE = 100, ROUNDS = 20000, THREADS = 4, PLACES = 64 };

/* ---- ways to a heap ---- */

static unsigned char array[1 << 18] __attribute__((aligned(256)));
static uint64_t beside_array[CHUNK_HEAP_BOOKKEEPING_SIZE(sizeof array / 256, 0) / 8];

static struct chunk_heap heap_in_array(void) {
    struct chunk_heap heap;
    CHECK(chunk_heap_init(&heap, array, sizeof array, 256, beside_array, sizeof beside_array, 0) ==
          CHUNK_HEAP_OK);
    return heap;
}

/* The bookkeeping follows the memory, in one mapping, which is known to be zero. */
static struct chunk_heap heap_in_mapping(size_t size, size_t chunk_size) {
    const size_t beside = chunk_heap_bookkeeping_size(size / chunk_size, 0);
    unsigned char *const memory =
        mmap(NULL, size + beside, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    struct chunk_heap heap;
    CHECK(chunk_heap_init(&heap, memory, size, chunk_size, memory + size, beside,
                          CHUNK_HEAP_ZEROED) == CHUNK_HEAP_OK);
    return heap;
}

/* Both the memory and the bookkeeping are blocks of the outer heap. */
static struct chunk_heap heap_in_blocks(void *memory, size_t size, void *beside) {
    struct chunk_heap heap;
    CHECK(chunk_heap_init(&heap, memory, size, 32, beside,
                          chunk_heap_bookkeeping_size(size / 32, 0), 0) == CHUNK_HEAP_OK);
    return heap;
}

/* ---- what they are used for ---- */

static void use(const struct chunk_heap *heap, uint64_t seed) {
    struct {
        unsigned char *block;
        size_t size;
    } live[LIVE] = {{NULL, 0}};
    struct support_random random = {.state = seed};
    for (size_t round = 0; round < ROUNDS + LIVE; round++) {
        const size_t i = round < ROUNDS ? random_below(&random, LIVE) : round - ROUNDS;
        CHECK(live[i].block == NULL || pattern_holds(live[i].block, live[i].size, seed + i));
        chunk_free(heap, live[i].block);
        live[i].size = random_size(&random, 16000);
        live[i].block = round < ROUNDS ? chunk_alloc(heap, live[i].size) : NULL;
        if (live[i].block != NULL) {
            CHECK(chunk_heap_contains(heap, live[i].block));
            pattern_fill(live[i].block, live[i].size, seed + i);
        }
    }
}

static void use_heap_in_heap(const struct chunk_heap *outer) {
    enum { SIZE = 1 << 18 };
    void *const memory = chunk_alloc(outer, SIZE);
    void *const beside = chunk_alloc(outer, chunk_heap_bookkeeping_size(SIZE / 32, 0));
    const struct chunk_heap inner = heap_in_blocks(memory, SIZE, beside);
    use(&inner, 2);
    use(outer, 3);
    check_ending("inner", &inner);
    chunk_free(outer, memory);
    chunk_free(outer, beside);
}

struct shared {
    struct chunk_locked_heap locked;
    size_t *places[PLACES]; /* blocks that start with their size; any thread may take them */
};

static void *use_together(void *context) {
    struct shared *const shared = context;
    struct support_random random = {.state = (uint64_t)(uintptr_t)&random};
    for (int round = 0; round < ROUNDS; round++) {
        const size_t size = sizeof(size_t) + random_size(&random, 4000);
        size_t *const block = chunk_locked_alloc(&shared->locked, size);
        CHECK(block != NULL);
        *block = size;
        pattern_fill(block + 1, size - sizeof size, size);
        size_t **const place = &shared->places[random_below(&random, PLACES)];
        size_t *const found = __atomic_exchange_n(place, block, __ATOMIC_ACQ_REL);
        CHECK(found == NULL || pattern_holds(found + 1, *found - sizeof size, *found));
        chunk_locked_free(&shared->locked, found);
    }
    return NULL;
}

static void run_threads(const struct chunk_heap *heap) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    struct shared shared = {{heap, CHUNK_LOCK_MUTEX(&mutex)}, {NULL}};
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, use_together, &shared) == 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    for (size_t i = 0; i < PLACES; i++) {
        chunk_locked_free(&shared.locked, shared.places[i]);
    }
}

int main(void) {
    const struct chunk_heap in_array = heap_in_array();
    const struct chunk_heap outer = heap_in_mapping(SUPPORT_MIB, 64);
    const struct chunk_heap common = heap_in_mapping(SUPPORT_MIB, 128);
    use(&in_array, 1);
    use_heap_in_heap(&outer);
    run_threads(&common);
    check_ending("array", &in_array);
    check_ending("outer", &outer);
    check_ending("common", &common);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Threads that hand blocks to each other, come and go, while another looks at the statistics and
 * gives memory back. It calls the allocator by the names that the archive has for the linker, so
 * that a sanitizer's own malloc stays in place: built with -Db_sanitize=thread it shows what is
 * not ordered by a lock or by an atomic access.
 */
#include "chunkmalloc/chunkmalloc.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_memalign(size_t alignment, size_t size);
size_t __wrap_malloc_usable_size(void *block);
void __wrap_free(void *block);
int __wrap_malloc_trim(size_t pad);

enum { THREADS = 4, ROUNDS = 12, OPERATIONS = 8000, PLACES = 400 };

struct place {
    pthread_mutex_t lock;
    unsigned char *block;
    size_t size;
    unsigned char pattern;
};

static struct place places[PLACES];
static atomic_bool ended;

static void require(int condition, const char *text) {
    if (!condition) {
        (void)fprintf(stderr, "races: not so: %s\n", text);
        abort();
    }
}

static uint32_t next_number(uint32_t *state, uint32_t bound) {
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % bound;
}

static size_t some_size(uint32_t *state) {
    const uint32_t kind = next_number(state, 100);
    return 1 + next_number(state, kind < 90 ? 1000 : kind < 99 ? 30000 : 300000);
}

static void check_pattern(const struct place *place, size_t size) {
    for (size_t i = 0; i < size; i += 61) {
        require(place->block[i] == place->pattern, "the block holds what was written");
    }
}

static void fill(struct place *place, uint32_t *state) {
    const size_t size = some_size(state);
    switch (next_number(state, 3)) {
    case 0:
        place->block = __wrap_malloc(size);
        break;
    case 1:
        place->block = __wrap_calloc(1, size);
        require(place->block != NULL && place->block[size / 2] == 0, "calloc gives zeros");
        break;
    default:
        place->block = __wrap_memalign((size_t)16 << next_number(state, 9), size);
    }
    require(place->block != NULL, "there is memory");
    require(__wrap_malloc_usable_size(place->block) >= size, "the block is long enough");
    place->size = size;
    place->pattern = (unsigned char)next_number(state, 256);
    memset(place->block, place->pattern, size);
}

static void change(struct place *place, uint32_t *state) {
    const size_t size = some_size(state);
    place->block = __wrap_realloc(place->block, size);
    require(place->block != NULL, "there is memory to grow");
    check_pattern(place, size < place->size ? size : place->size);
    memset(place->block, place->pattern, size);
    place->size = size;
}

static void use(struct place *place, uint32_t *state) {
    (void)pthread_mutex_lock(&place->lock);
    if (place->block == NULL) {
        fill(place, state);
    } else if (next_number(state, 4) == 0) {
        change(place, state);
    } else {
        check_pattern(place, place->size);
        __wrap_free(place->block);
        place->block = NULL;
    }
    (void)pthread_mutex_unlock(&place->lock);
}

static void empty(struct place *place) {
    (void)pthread_mutex_lock(&place->lock);
    __wrap_free(place->block);
    place->block = NULL;
    (void)pthread_mutex_unlock(&place->lock);
}

static void *work(void *seed) {
    uint32_t state = (uint32_t)(uintptr_t)seed;
    for (unsigned i = 0; i < OPERATIONS; i++) {
        use(&places[next_number(&state, PLACES)], &state);
    }
    /* All threads at once: the heap shrinks to nothing, which is when memory is given back. */
    for (unsigned i = next_number(&state, PLACES), left = PLACES; left > 0; left--) {
        empty(&places[i]);
        i = (i + 1) % PLACES;
    }
    return NULL;
}

static void *look(void *unused) {
    while (!atomic_load(&ended)) {
        struct chunkmalloc_stats stats;
        require(chunkmalloc_get_stats(&stats, sizeof stats) == sizeof stats,
                "there are statistics");
        require(chunkmalloc_check() == NULL, "the heap is sound");
        (void)__wrap_malloc_trim(0);
        (void)chunkmalloc_purge();
    }
    return unused;
}

int main(void) {
    for (unsigned i = 0; i < PLACES; i++) {
        (void)pthread_mutex_init(&places[i].lock, NULL);
    }
    pthread_t looker;
    require(pthread_create(&looker, NULL, look, NULL) == 0, "a thread starts");
    for (uintptr_t round = 0; round < ROUNDS; round++) {
        pthread_t threads[THREADS];
        for (uintptr_t i = 0; i < THREADS; i++) {
            void *const seed = (void *)(round * THREADS + i + 1);
            require(pthread_create(&threads[i], NULL, work, seed) == 0, "a thread starts");
        }
        for (unsigned i = 0; i < THREADS; i++) {
            (void)pthread_join(threads[i], NULL);
        }
    }
    atomic_store(&ended, true);
    (void)pthread_join(looker, NULL);
    require(chunkmalloc_check() == NULL, "the heap is sound in the end");
    return 0;
}

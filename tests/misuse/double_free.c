/* SPDX-License-Identifier: MIT */
#include "misuse.h"

#include <pthread.h>

enum { OTHERS = 3000 };

static void free_twice(size_t size) {
    void *const block = announce(get(size));
    free(block);
    free(hide(block));
}

static void empty(void) {
    free_twice(0);
}

static void small(void) {
    free_twice(24);
}

static void middle(void) {
    free_twice(5000);
}

static void last_class(void) {
    free_twice(32768);
}

static void large(void) {
    free_twice(100000);
}

static void huge(void) {
    free_twice(5000000);
}

static void aligned(void) {
    void *const block = announce(memalign(1024, hide_size(3000)));
    CHECK(block != NULL);
    free(block);
    free(hide(block));
}

/* Between the two frees others of the same size are freed. */
static void free_twice_among(size_t size, size_t count) {
    static void *others[OTHERS];
    CHECK(count <= OTHERS);
    for (size_t i = 0; i < count; i++) {
        others[i] = get(size);
    }
    void *const block = announce(others[count / 2]);
    free(block);
    for (size_t i = 0; i < count; i++) {
        if (i != count / 2) {
            free(others[i]);
        }
    }
    free(hide(block));
}

static void small_after_a_few(void) {
    free_twice_among(24, 8);
}

static void small_after_many(void) {
    free_twice_among(24, OTHERS);
}

static void middle_after_a_few(void) {
    free_twice_among(5000, 4);
}

static void middle_after_many(void) {
    free_twice_among(5000, 1000);
}

static void large_after_neighbours(void) {
    free_twice_among(100000, 8);
}

static void by_realloc_to_nothing(void) {
    void *const block = announce(get(100));
    CHECK(realloc(block, hide_size(0)) == NULL);
    free(hide(block));
}

/* realloc moved the block: the old pointer is no longer the program's. */
static void after_realloc_moved(void) {
    void *const block = announce(get(100));
    CHECK(realloc(block, 500000) != block);
    free(hide(block));
}

/* ---- with threads ---- */

static void *free_it(void *block) {
    free(block);
    return NULL;
}

static void free_in_thread(void *block) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, free_it, block) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

/* The other thread is gone when the second free comes, and so are its caches. */
static void small_across_threads(void) {
    void *const block = announce(get(24));
    free_in_thread(block);
    free(hide(block));
}

static void middle_across_threads(void) {
    void *const block = announce(get(5000));
    free_in_thread(block);
    free(hide(block));
}

static void large_across_threads(void) {
    void *const block = announce(get(100000));
    free_in_thread(block);
    free(hide(block));
}

/* Both threads are alive; the block lies among what the first has freed. */
static void small_in_second_thread(void) {
    void *const block = announce(get(24));
    free(block);
    free_in_thread(hide(block));
}

/* What the first thread of all makes the allocator take must not take the place of the block. */
static void large_in_second_thread(void) {
    free_in_thread(get(24));
    void *const block = announce(get(100000));
    free(block);
    free_in_thread(hide(block));
}

const struct misuse_case double_free_cases[] = {
    {"double-free-empty", empty},
    {"double-free-small", small},
    {"double-free-middle", middle},
    {"double-free-last-class", last_class},
    {"double-free-large", large},
    {"double-free-huge", huge},
    {"double-free-aligned", aligned},
    {"double-free-small-after-a-few", small_after_a_few},
    {"double-free-small-after-many", small_after_many},
    {"double-free-middle-after-a-few", middle_after_a_few},
    {"double-free-middle-after-many", middle_after_many},
    {"double-free-large-after-neighbours", large_after_neighbours},
    {"double-free-by-realloc-to-nothing", by_realloc_to_nothing},
    {"double-free-after-realloc-moved", after_realloc_moved},
    {"double-free-small-across-threads", small_across_threads},
    {"double-free-middle-across-threads", middle_across_threads},
    {"double-free-large-across-threads", large_across_threads},
    {"double-free-small-in-second-thread", small_in_second_thread},
    {"double-free-large-in-second-thread", large_in_second_thread},
    {NULL, NULL},
};

/* SPDX-License-Identifier: MIT */
/*
 * foreign libc|namespace
 *
 * Blocks that another allocator made, in the hands of free, realloc and malloc_usable_size: the C
 * library's own, and those of a second C library in a namespace of its own.
 */
#include "library.h"
#include "workout.h"

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

enum { THREADS = 4 };

static const size_t sizes[] = {0, 1, 24, 100, 1000, 1033, 5000, 40000, 130000, 140000, 3000000};

enum { SIZES = sizeof sizes / sizeof sizes[0] };

static void *by_libc_malloc(size_t size) {
    return __libc_malloc(hide_size(size));
}

static void *by_libc_calloc(size_t size) {
    return __libc_calloc(1, hide_size(size));
}

static void *by_libc_realloc(size_t size) {
    return __libc_realloc(__libc_malloc(10), hide_size(size) + 1);
}

static void *by_libc_memalign(size_t size) {
    return __libc_memalign(512, hide_size(size));
}

static void *by_libc_memalign_far(size_t size) {
    return __libc_memalign(65536, hide_size(size));
}

static void *(*const makers[])(size_t size) = {
    by_libc_malloc, by_libc_calloc, by_libc_realloc, by_libc_memalign, by_libc_memalign_far,
};

enum { MAKERS = sizeof makers / sizeof makers[0] };

static unsigned char *make(size_t maker, size_t size) {
    unsigned char *const block = makers[maker](size);
    CHECK(block != NULL && !library_owns(block));
    pattern_fill(block, size, maker);
    return block;
}

static void check_maker(size_t maker, size_t size) {
    unsigned char *block = make(maker, size);
    const size_t usable = malloc_usable_size(block);
    CHECK(usable >= size && malloc_usable_size(block) == usable);
    errno = EXDEV;
    free(block);
    CHECK(errno == EXDEV);

    for (size_t to = 0; to < SIZES; to++) {
        block = make(maker, size);
        block = realloc(hide(block), hide_size(sizes[to]) + 1);
        CHECK(block != NULL);
        CHECK(pattern_holds(block, size < sizes[to] ? size : sizes[to], maker));
        CHECK(malloc_usable_size(block) >= sizes[to] + 1);
        free(block);
    }
    CHECK(realloc(hide(make(maker, size)), hide_size(0)) == NULL);
    block = make(maker, size);
    errno = 0;
    CHECK(realloc(hide(block), hide_size(SIZE_MAX)) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(realloc(hide(block), hide_size(PTRDIFF_MAX)) == NULL && errno == ENOMEM);
    CHECK(pattern_holds(block, size, maker));
    free(block);
}

static void *check_libc(void *argument) {
    (void)argument;
    for (size_t maker = 0; maker < MAKERS; maker++) {
        for (size_t i = 0; i < SIZES; i++) {
            check_maker(maker, sizes[i]);
        }
    }
    return NULL;
}

/* As in one process with one allocator: mixed with blocks of the program's, in any order. */
static void check_mixture(void) {
    enum { BLOCKS = 3000 };
    static unsigned char *blocks[BLOCKS];
    struct support_random random = {31};
    for (size_t i = 0; i < BLOCKS; i++) {
        const size_t size = random_size(&random, 3000);
        blocks[i] = i % 3 == 0 ? malloc(hide_size(size + 200)) : makers[i % MAKERS](size + 200);
        CHECK(blocks[i] != NULL);
        pattern_fill(blocks[i], 200, i);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        const size_t victim = i * 1009 % BLOCKS;
        CHECK(pattern_holds(blocks[victim], 200, victim));
        free(blocks[victim]);
    }
}

static void check_memory_returns(void) {
    size_t resident = 0;
    for (size_t i = 0; i < 4000; i++) {
        void *const block = __libc_malloc(100000);
        CHECK(block != NULL);
        memset(block, 1, 100000);
        free(hide(block));
        resident = i == 100 ? resident_bytes() : resident;
    }
    CHECK(resident_bytes() <= resident + 8 * SUPPORT_MIB);
}

/* The C libraries of all namespaces keep what is specific to a thread in the same array, so what
 * was ours is what others have put there. */
static void *use_keys_of_other(void *other) {
    int (*create)(pthread_key_t *, void (*)(void *)) = NULL;
    int (*set)(pthread_key_t, const void *) = NULL;
    find_in(other, "pthread_key_create", &create);
    find_in(other, "pthread_setspecific", &set);
    free(malloc(hide_size(100)));
    for (size_t i = 0; i < 4; i++) {
        pthread_key_t key = 0;
        CHECK(create(&key, NULL) == 0);
        CHECK(set(key, (void *)64) == 0);
    }
    free(malloc(hide_size(100)));
    return NULL;
}

static void check_threads_of_namespace(void *other) {
    pthread_t thread;
    const size_t threads = library_stats().threads;
    for (size_t i = 0; i < 3; i++) {
        start_thread(&thread, use_keys_of_other, (size_t)other);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    CHECK(library_stats().threads == threads);
}

/* A C library loaded once more has an allocator of its own. What the first one's free does with
 * its blocks is what it does without the library: it keeps small ones, and unmaps the largest. */
static void check_namespace(void) {
    void *const other = dlmopen(LM_ID_NEWLM, "libc.so.6", RTLD_NOW | RTLD_LOCAL);
    CHECK(other != NULL);
    void *(*allocate)(size_t) = NULL;
    find_in(other, "malloc", &allocate);
    CHECK(allocate != malloc);
    static const size_t namespace_sizes[] = {1, 24, 100, 1000, 3000000};
    for (size_t i = 0; i < sizeof namespace_sizes / sizeof namespace_sizes[0]; i++) {
        unsigned char *const block = allocate(namespace_sizes[i]);
        CHECK(block != NULL && !library_owns(block));
        CHECK(malloc_usable_size(block) >= namespace_sizes[i]);
        pattern_fill(block, namespace_sizes[i], i);
        errno = EXDEV;
        free(block);
        CHECK(errno == EXDEV);
    }
    workout_all_classes();
    check_threads_of_namespace(other);
}

int main(int argc, char **argv) {
    support_begin(60);
    CHECK(argc == 2);
    if (strcmp(argv[1], "namespace") == 0) {
        check_namespace();
        return 0;
    }
    CHECK(strcmp(argv[1], "libc") == 0);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        start_thread(&threads[i], check_libc, i);
    }
    (void)check_libc(NULL);
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    check_mixture();
    check_memory_returns();
    return 0;
}

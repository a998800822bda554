/* SPDX-License-Identifier: MIT */
/*
 * A program that brings its own allocator: memory from an array, power-of-two classes, and no
 * patience with pointers that it did not hand out. The library must stand aside: what the program
 * does not define belongs to the C library, as it would without the preload.
 *
 * With OWN_FAMILY all of the C library's replaceable functions are defined, without it only the
 * four that a replacement must define.
 */
#include "library.h"
#include "plugin.h"
#include "workout.h"

#include <dirent.h>
#include <sys/wait.h>

enum { ARENA = 128 * 1024 * 1024, CLASSES = 40, HEADER = 16 };

static _Alignas(16) unsigned char arena[ARENA];
static size_t arena_used;
static size_t live_blocks;
static size_t calls;
static pthread_mutex_t arena_mutex = PTHREAD_MUTEX_INITIALIZER;

struct free_block {
    struct free_block *next;
};

static struct free_block *free_lists[CLASSES];

extern void __libc_free(void *block);

static bool mine(const void *block) {
    return (const unsigned char *)block >= arena && (const unsigned char *)block < arena + ARENA;
}

static size_t *class_of(void *block) {
    return (size_t *)(void *)((unsigned char *)block - HEADER);
}

static size_t own_size(void *block) {
    if (!mine(block) || (uintptr_t)block % 16 != 0 || *class_of(block) >= CLASSES) {
        support_write("own allocator: a pointer of somebody else\n");
        abort();
    }
    return (size_t)1 << *class_of(block);
}

static void *own_aligned(size_t alignment, size_t size) {
    size_t class = 4;
    while (class < CLASSES && (size_t)1 << class < size) {
        class ++;
    }
    alignment = alignment < 16 ? 16 : alignment;
    (void)pthread_mutex_lock(&arena_mutex);
    calls++;
    unsigned char *block = NULL;
    if (alignment == 16 && class < CLASSES && free_lists[class] != NULL) {
        block = (void *)free_lists[class];
        free_lists[class] = free_lists[class]->next;
    } else {
        const uintptr_t lowest = (uintptr_t)arena + arena_used + HEADER;
        const size_t start = arena_used + HEADER + (alignment - lowest % alignment) % alignment;
        if (class < CLASSES && start < ARENA && ARENA - start >= (size_t)1 << class) {
            block = arena + start;
            arena_used = start + ((size_t)1 << class);
        }
    }
    if (block != NULL) {
        *class_of(block) = class;
        live_blocks++;
    }
    (void)pthread_mutex_unlock(&arena_mutex);
    errno = block == NULL ? ENOMEM : errno;
    return block;
}

void *malloc(size_t size) {
    return own_aligned(16, size);
}

void free(void *block) {
    if (block == NULL) {
        return;
    }
    (void)own_size(block);
    (void)pthread_mutex_lock(&arena_mutex);
    calls++;
    live_blocks--;
    struct free_block *const freed = block;
    freed->next = free_lists[*class_of(block)];
    free_lists[*class_of(block)] = freed;
    (void)pthread_mutex_unlock(&arena_mutex);
}

void *calloc(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    void *const block = malloc(bytes);
    return block == NULL ? NULL : memset(block, 0, bytes);
}

void *realloc(void *block, size_t size) {
    void *const moved = malloc(size);
    if (moved != NULL && block != NULL) {
        const size_t before = own_size(block);
        memcpy(moved, block, before < size ? before : size);
        free(block);
    }
    return moved;
}

#ifdef OWN_FAMILY
void *memalign(size_t alignment, size_t size) {
    return own_aligned(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return own_aligned(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    *result = own_aligned(alignment, size);
    return *result == NULL ? ENOMEM : 0;
}

void *valloc(size_t size) {
    return own_aligned(4096, size);
}

void *pvalloc(size_t size) {
    return own_aligned(4096, size);
}

size_t malloc_usable_size(void *block) {
    return block == NULL ? 0 : own_size(block);
}
#endif

/* ---- the program ------------------------------------------------------------------------------
 */

static void check_mine(void *block) {
    CHECK(block != NULL && mine(block) && !library_owns(block));
    free(block);
}

static void check_basics(void) {
    check_mine(malloc(hide_size(100)));
    check_mine(calloc(hide_size(10), 10));
    check_mine(realloc(hide(malloc(hide_size(10))), 1000));
    check_mine(reallocarray(hide(NULL), hide_size(10), 10));
}

static void check_c_library(void) {
    check_mine(strdup("text"));
    char *text = NULL;
    CHECK(asprintf(&text, "%0500d", 1) == 500);
    check_mine(text);
    check_mine(getcwd(NULL, 0));
    check_mine(realpath("/proc", NULL));
    const size_t before = calls;
    FILE *const file = fopen("/proc/self/status", "r");
    CHECK(file != NULL && calls > before);
    char *line = NULL;
    size_t capacity = 0;
    CHECK(getline(&line, &capacity, file) > 0);
    check_mine(line);
    CHECK(fclose(file) == 0);
    DIR *const directory = opendir("/");
    CHECK(directory != NULL && mine(directory) && closedir(directory) == 0);
    CHECK(setenv("OWN_MALLOC", "1", 1) == 0);
}

/* A block of a function that may not be the program's: then it is the C library's. */
static void check_other(void *block, size_t alignment) {
    CHECK(block != NULL && is_aligned(block, alignment) && !library_owns(block));
    CHECK(malloc_usable_size(block) >= 1000);
    memset(block, 1, 1000);
#ifdef OWN_FAMILY
    CHECK(mine(block));
    free(block);
#else
    CHECK(!mine(block));
    __libc_free(block);
#endif
}

static void check_the_rest_of_the_family(void) {
    void *block = NULL;
    CHECK(posix_memalign(&block, 64, 1000) == 0);
    check_other(block, 64);
    check_other(aligned_alloc(128, hide_size(1000)), 128);
    check_other(memalign(8192, hide_size(1000)), 8192);
    check_other(valloc(hide_size(1000)), 4096);
    check_other(pvalloc(hide_size(1000)), 4096);
    (void)mallinfo2();
    (void)malloc_trim(0);
    (void)mallopt(M_TOP_PAD, 0);
}

static void *run_thread(void *argument) {
    (void)argument;
    for (size_t i = 0; i < 200; i++) {
        check_basics();
        check_the_rest_of_the_family();
    }
    return NULL;
}

static void check_threads_and_fork(void) {
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        start_thread(&threads[i], run_thread, i);
    }
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        watchdog(20);
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    for (size_t i = 0; i < 4; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
}

static void check_plugin(const char *path) {
    const size_t before = calls;
    void *const handle = dlopen(path, RTLD_NOW);
    CHECK(handle != NULL && calls > before);
    const struct plugin *const loaded = dlsym(handle, "plugin");
    CHECK(loaded != NULL);
    check_mine(loaded->allocate(100));
    check_mine(loaded->resize(NULL, 100));
    check_mine(loaded->copy("text"));
    loaded->release(malloc(hide_size(10)));
    CHECK(dlclose(handle) == 0);
}

int main(int argc, char **argv) {
    support_begin(60);
    CHECK(argc == 2);
    check_basics();
    check_c_library();
    check_the_rest_of_the_family();
    check_threads_and_fork();
    check_plugin(argv[1]);
    CHECK(library_stats().small_live == 0 && library_stats().large_blocks == 0);
    CHECK(live_blocks < 100);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * A program that has the allocator linked in, run with the library preloaded.
 *
 * usage: twice MALLOC STRDUP LIBRARIES: who allocates for the program's own calls and for those of
 * the C library, "program" or "library"; and how many objects are called libchunkmalloc. An
 * allocator that serves neither must be empty.
 */
#include "../../support.h"

#include <chunkmalloc/chunkmalloc.h>
#include <link.h>
#include <pthread.h>

static bool (*library_has)(const void *block);

static void find_library(void) {
    void *const symbol = dlsym(RTLD_NEXT, "chunkmalloc_owns");
    CHECK(symbol != NULL);
    memcpy(&library_has, &symbol, sizeof symbol);
}

static bool is_empty(void) {
    size_t (*get)(struct chunkmalloc_stats *, size_t) = NULL;
    struct chunkmalloc_stats stats;
    void *const symbol = dlsym(RTLD_NEXT, "chunkmalloc_get_stats");
    memcpy(&get, &symbol, sizeof symbol);
    CHECK(get(&stats, sizeof stats) == sizeof stats);
    return stats.heap == 0 && stats.peak == 0 && stats.threads == 0;
}

static int count(struct dl_phdr_info *object, size_t size, void *counter) {
    (void)size;
    if (strstr(object->dlpi_name, "libchunkmalloc") != NULL) {
        ++*(unsigned long *)counter;
    }
    return 0;
}

static bool came_from(const void *block, const char *allocator) {
    const bool library = strcmp(allocator, "library") == 0;
    return library ? library_has(block)
                   : chunkmalloc_owns(block) &&
                         (!library_has(block) || library_has == chunkmalloc_owns);
}

static void *allocate(void *arguments) {
    char **const who = (char **)arguments;
    for (size_t size = 1; size < 5000000; size *= 3) {
        char *const block = malloc(size);
        CHECK(block != NULL && came_from(block, who[1]));
        memset(block, 'x', size);
        block[size - 1] = '\0';
        char *const copy = strdup(block);
        CHECK(copy != NULL && came_from(copy, who[2]));
        char *const longer_block = realloc(block, 2 * size);
        char *const longer_copy = realloc(copy, 2 * size);
        CHECK(longer_block != NULL && longer_copy != NULL);
        CHECK(strcmp(longer_block, longer_copy) == 0);
        free(longer_block);
        free(longer_copy);
    }
    return NULL;
}

int main(int argc, char **argv) {
    CHECK(argc == 4 && getenv("LD_PRELOAD") != NULL);
    watchdog(60);
    find_library();
    unsigned long libraries = 0;
    CHECK(dl_iterate_phdr(count, &libraries) == 0);
    CHECK(libraries == strtoul(argv[3], NULL, 10));
    (void)allocate(argv);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, allocate, argv) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    const bool unused = strcmp(argv[1], "program") == 0 && strcmp(argv[2], "program") == 0 &&
                        library_has != chunkmalloc_owns;
    CHECK(is_empty() == unused);
    CHECK(chunkmalloc_check() == NULL);
    return 0;
}

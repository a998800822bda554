/* SPDX-License-Identifier: MIT */
/*
 * A program that embeds libchunkmalloc.a: the linker gives what is named by its --wrap options to
 * the archive. Calls from the program are meant, and, in a static program, those from the C
 * library.
 */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chunkmalloc/chunkmalloc.h>

static void check(bool condition, const char *what) {
    if (!condition) {
        (void)fprintf(stderr, "wrap: not so: %s\n", what);
        exit(1);
    }
}

#define CHECK(condition) check((condition), #condition)

static bool is_ours(const void *block) {
    return block != NULL && chunkmalloc_owns(block);
}

static void every_way_to_a_block(void) {
    void *aligned = NULL;
    CHECK(posix_memalign(&aligned, 64, 100) == 0);
    void *const blocks[] = {
        malloc(1),        malloc(100000), calloc(10, 10),
        realloc(NULL, 5), aligned,        aligned_alloc(128, 256),
        memalign(32, 5),  valloc(5),      pvalloc(5),
    };
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        CHECK(is_ours(blocks[i]));
        CHECK(malloc_usable_size(blocks[i]) > 0);
        memset(blocks[i], 1, malloc_usable_size(blocks[i]));
    }
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        free(blocks[i]);
    }
}

static void growing(void) {
    unsigned char *block = malloc(10);
    CHECK(is_ours(block));
    memset(block, 3, 10);
    for (size_t size = 10; size < 5000000; size = size * 2 + 1) {
        unsigned char *const grown = realloc(block, size);
        CHECK(is_ours(grown) && grown[0] == 3 && grown[9] == 3);
        block = grown;
    }
    free(block);
}

/* Blocks that a shared C library made with its own malloc are freed by its own free. */
static void blocks_of_the_c_library(bool is_static) {
    char *const copy = strdup("text");
    CHECK(copy != NULL && is_ours(copy) == is_static);
    CHECK(malloc_usable_size(copy) >= 5);
    free(copy);
    char *line = NULL;
    CHECK(asprintf(&line, "%s %d", "number", 42) == 9);
    CHECK(is_ours(line) == is_static);
    char *const longer = realloc(line, 100000);
    CHECK(longer != NULL && strcmp(longer, "number 42") == 0);
    free(longer);
    char *volatile path = realpath("/", NULL);
    CHECK(path != NULL && strcmp(path, "/") == 0);
    free(path);
}

static void what_is_refused(void) {
    volatile size_t huge = SIZE_MAX - 100;
    errno = 0;
    CHECK(malloc(huge) == NULL && errno == ENOMEM);
    CHECK(calloc(huge, 2) == NULL);
    free(NULL);
    CHECK(!chunkmalloc_owns(NULL));
    int local = 0;
    CHECK(!chunkmalloc_owns(&local));
}

static void statistics(void) {
    void *volatile block = malloc(1000000);
    struct chunkmalloc_stats stats;
    CHECK(chunkmalloc_get_stats(&stats, sizeof stats) == sizeof stats);
    CHECK(stats.in_large >= 1000000);
    CHECK(mallinfo2().hblkhd >= 1000000);
    free(block);
    CHECK(chunkmalloc_check() == NULL);
    CHECK(strcmp(chunkmalloc_version(), CHUNKMALLOC_VERSION) == 0);
}

/* Usage: wrap static|dynamic */
int main(int argc, char **argv) {
    every_way_to_a_block();
    growing();
    blocks_of_the_c_library(argc > 1 && strcmp(argv[1], "static") == 0);
    what_is_refused();
    statistics();
    (void)puts("wrap: all is well");
    return 0;
}

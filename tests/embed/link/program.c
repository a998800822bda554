/* SPDX-License-Identifier: MIT */
/*
 * A program that has the allocator linked in, in whatever way. Its own calls reach the allocator in
 * all of them; those of the C library do so unless that is a shared library and only the program's
 * calls are wrapped. Blocks of either must serve in the hands of the other.
 *
 * usage: program ours|theirs: whose are the blocks that the C library allocates?
 */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <chunkmalloc/chunkmalloc.h>

static void check(bool condition, const char *what) {
    if (!condition) {
        (void)fprintf(stderr, "program: not so: %s\n", what);
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
        malloc(1), malloc(100000),          calloc(10, 10),  realloc(NULL, 5),
        aligned,   aligned_alloc(128, 256), memalign(32, 5), valloc(5),
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

/* What other C libraries do not have. */
static void glibc(void) {
#ifdef M_TRIM_THRESHOLD
    void *const page = pvalloc(5);
    CHECK(is_ours(page) && malloc_usable_size(page) >= 4096);
    free(page);
    void *volatile block = malloc(1000000);
    CHECK(mallinfo2().hblkhd >= 1000000);
    CHECK(mallopt(M_TRIM_THRESHOLD, 1 << 20) == 1);
    free(block);
    (void)malloc_trim(0);
#endif
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

static void take_over(char *block, const char *contents, bool ours) {
    CHECK(block != NULL && is_ours(block) == ours);
    CHECK(malloc_usable_size(block) >= strlen(contents) + 1);
    char *const longer = realloc(block, 100000);
    CHECK(longer != NULL && strcmp(longer, contents) == 0);
    char *const shorter = realloc(longer, 20);
    CHECK(shorter != NULL && strncmp(shorter, contents, 20) == 0);
    free(shorter);
}

static FILE *file_of(const char *text) {
    FILE *const file = tmpfile();
    CHECK(file != NULL && fputs(text, file) >= 0);
    rewind(file);
    return file;
}

/* What the C library allocates for the program, which resizes and frees it. */
static void blocks_of_the_c_library(bool ours) {
    take_over(strdup("text"), "text", ours);
    take_over(strndup("text", 2), "te", ours);
    char *text = NULL;
    CHECK(asprintf(&text, "%s %d", "number", 42) == 9);
    take_over(text, "number 42", ours);
    take_over(realpath("/", NULL), "/", ours);
    CHECK(chdir("/") == 0);
    free(getcwd(NULL, 0));
    size_t size = 0;
    FILE *const stream = open_memstream(&text, &size);
    CHECK(stream != NULL);
    for (int i = 0; i < 10000; i++) {
        CHECK(fprintf(stream, "%05d", i) == 5);
    }
    CHECK(fclose(stream) == 0 && size == 50000 && is_ours(text) == ours);
    CHECK(memcmp(text + 49995, "09999", 6) == 0);
    free(text);
    FILE *const file = file_of("a line\n");
    text = NULL;
    size = 0;
    CHECK(getline(&text, &size, file) == 7);
    take_over(text, "a line\n", ours);
    CHECK(fclose(file) == 0);
}

/* What the program allocates and the C library resizes. glibc's headers make another function of
 * getline where it is called by its name. */
static void blocks_handed_to_the_c_library(bool ours) {
    ssize_t (*volatile const read_line)(char **, size_t *, FILE *) = getline;
    FILE *const file = file_of("a line that is longer than what was allocated for it\nb\nc;d\n");
    size_t size = 8;
    char *line = malloc(size);
    CHECK(is_ours(line));
    CHECK(getline(&line, &size, file) == 53 && is_ours(line) == ours);
    CHECK(read_line(&line, &size, file) == 2 && strcmp(line, "b\n") == 0);
    free(line);
    line = calloc(1, 1);
    size = 1;
    CHECK(getdelim(&line, &size, ';', file) == 2 && strcmp(line, "c;") == 0);
    free(line);
    line = malloc(100000);
    size = 100000;
    CHECK(read_line(&line, &size, file) == 2 && strcmp(line, "d\n") == 0);
    CHECK(getline(&line, &size, file) == -1 && strcmp(line, "d\n") == 0);
    take_over(line, "d\n", ours);
    CHECK(fclose(file) == 0);

    int *const few = calloc(3, sizeof *few);
    int *const more = reallocarray(few, 1000, sizeof *more);
    CHECK(is_ours(more) && more[2] == 0);
    volatile size_t huge = SIZE_MAX / 2;
    CHECK(reallocarray(more, huge, 3) == NULL && errno == ENOMEM);
    int *const many = reallocarray(more, 100000, sizeof *many);
    CHECK(is_ours(many) && many[2] == 0);
    free(many);
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
    free(block);
    CHECK(chunkmalloc_check() == NULL);
    CHECK(strcmp(chunkmalloc_version(), CHUNKMALLOC_VERSION) == 0);
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    const bool ours = strcmp(argv[1], "ours") == 0;
    every_way_to_a_block();
    glibc();
    growing();
    blocks_of_the_c_library(ours);
    blocks_handed_to_the_c_library(ours);
    what_is_refused();
    statistics();
    (void)puts("program: all is well");
    return 0;
}

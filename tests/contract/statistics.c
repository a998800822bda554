/* SPDX-License-Identifier: MIT */
/* What the C library's statistics functions say must be so. */
#include "suite.h"

#include <ctype.h>

enum { BLOCKS = 20000 };

static char *blocks[BLOCKS];

/* Many blocks of one size; what their sizes sum to. */
static size_t fill_up(size_t count, size_t size) {
    for (size_t i = 0; i < count; i++) {
        blocks[i] = malloc(hide_size(size));
        CHECK(blocks[i] != NULL);
        memset(blocks[i], 1, size);
    }
    return count * size;
}

static void free_all(size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(blocks[i]);
        blocks[i] = NULL;
    }
}

/* glibc counts large blocks in hblkhd, and only the others in uordblks. */
static size_t in_use(void) {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void check_in_use_follows(size_t count, size_t size) {
    const size_t before = in_use();
    const size_t bytes = fill_up(count, size);
    const size_t full = in_use();
    ASSERT_FOR(full >= before + bytes, "in use with blocks", size);
    ASSERT_FOR(full <= before + bytes * 5 / 4 + count * 16 + 65536, "in use with blocks", size);
    free_all(count / 2);
    const size_t half = in_use();
    ASSERT_FOR(half <= full - bytes / 2 + 65536, "in use at half", size);
    ASSERT_FOR(half >= full - bytes * 5 / 8 - count * 8 - 65536, "in use at half", size);
    for (size_t i = count / 2; i < count; i++) {
        free(blocks[i]);
    }
    ASSERT_FOR(in_use() <= before + 65536, "in use after free", size);
}

static void test_mallinfo2_follows_the_program(void **state) {
    (void)state;
    check_in_use_follows(20000, 24);
    check_in_use_follows(20000, 1000);
    check_in_use_follows(2000, 20000);
    check_in_use_follows(200, 200000);
    check_in_use_follows(10, 5000000);
}

static void test_mallinfo2_adds_up(void **state) {
    (void)state;
    const size_t bytes = fill_up(BLOCKS, 500);
    for (size_t i = 0; i < BLOCKS; i += 2) {
        free(blocks[i]);
        blocks[i] = NULL;
    }
    const struct mallinfo2 info = mallinfo2();
    assert_int_equal(info.arena, info.uordblks + info.fordblks);
    assert_true(info.uordblks >= bytes / 2);
    assert_true(info.fordblks >= bytes / 3);
    assert_true(info.keepcost <= info.fordblks);
    free_all(BLOCKS);
}

static void test_mallinfo_is_mallinfo2(void **state) {
    (void)state;
    const size_t bytes = fill_up(1000, 3000);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    const struct mallinfo narrow = mallinfo();
#pragma GCC diagnostic pop
    const struct mallinfo2 wide = mallinfo2();
    assert_true(wide.uordblks >= bytes);
    assert_int_equal((unsigned)narrow.arena, wide.arena);
    assert_int_equal((unsigned)narrow.uordblks, wide.uordblks);
    assert_int_equal((unsigned)narrow.fordblks, wide.fordblks);
    assert_int_equal((unsigned)narrow.hblks, wide.hblks);
    assert_int_equal((unsigned)narrow.hblkhd, wide.hblkhd);
    free_all(1000);
}

/* ---- malloc_info: XML, as far as it uses XML: elements, attributes, text without entities ------
 */

enum { DEPTH_MAX = 16, NAME_MAX_LENGTH = 32 };

struct open_elements {
    char names[DEPTH_MAX][NAME_MAX_LENGTH];
    size_t depth;
    size_t seen;
};

static const char *take_name(const char *at, char name[NAME_MAX_LENGTH]) {
    size_t length = 0;
    while (isalnum((unsigned char)*at) || *at == '_' || *at == '-') {
        assert_true(length + 1 < NAME_MAX_LENGTH);
        name[length++] = *at++;
    }
    assert_true(length > 0);
    name[length] = '\0';
    return at;
}

static const char *take_attributes(const char *at) {
    while (*at == ' ' || *at == '\n') {
        char name[NAME_MAX_LENGTH];
        at += strspn(at, " \n");
        if (*at == '/' || *at == '>') {
            break;
        }
        at = take_name(at, name);
        assert_true(at[0] == '=' && at[1] == '"');
        at += 2 + strcspn(at + 2, "\"<&");
        assert_int_equal(*at, '"');
        at++;
    }
    return at;
}

/* at: behind a '<'. Returns what follows the tag. */
static const char *take_tag(const char *at, struct open_elements *open) {
    char name[NAME_MAX_LENGTH];
    const bool closing = *at == '/';
    at = take_name(at + (closing ? 1 : 0), name);
    if (closing) {
        assert_true(open->depth > 0);
        assert_string_equal(name, open->names[--open->depth]);
    } else {
        assert_true(open->depth < DEPTH_MAX);
        if (open->depth == 0) {
            assert_int_equal(open->seen, 0);
            assert_string_equal(name, "malloc");
        }
        memcpy(open->names[open->depth++], name, sizeof name);
        open->seen++;
        at = take_attributes(at);
        if (*at == '/') {
            open->depth--;
            at++;
        }
    }
    assert_int_equal(*at, '>');
    return at + 1;
}

static size_t count_elements(const char *text) {
    struct open_elements open = {.depth = 0};
    while (*text != '\0') {
        if (*text == '<') {
            text = take_tag(text + 1, &open);
            continue;
        }
        assert_true(*text != '>' && *text != '&');
        assert_true(open.depth > 0 || isspace((unsigned char)*text));
        text++;
    }
    assert_int_equal(open.depth, 0);
    return open.seen;
}

static void test_malloc_info_is_well_formed(void **state) {
    (void)state;
    (void)fill_up(1000, 300);
    char *text = NULL;
    size_t length = 0;
    FILE *const stream = open_memstream(&text, &length);
    assert_non_null(stream);
    assert_int_equal(malloc_info(0, stream), 0);
    assert_int_equal(fclose(stream), 0);
    assert_true(length > 50);
    assert_true(count_elements(text) >= 3);
    free(text);
    free_all(1000);
}

static void test_malloc_info_knows_one_format(void **state) {
    (void)state;
    FILE *const file = tmpfile();
    assert_non_null(file);
    assert_int_equal(malloc_info(1, file), EINVAL);
    assert_int_equal(fflush(file), 0);
    assert_int_equal(ftell(file), 0);
    assert_int_equal(fclose(file), 0);
}

static size_t capture_malloc_stats(char *text, size_t limit) {
    FILE *const file = tmpfile();
    CHECK(file != NULL);
    const int saved = dup(STDERR_FILENO);
    CHECK(saved >= 0 && fflush(stderr) == 0);
    CHECK(dup2(fileno(file), STDERR_FILENO) == STDERR_FILENO);
    malloc_stats();
    CHECK(fflush(stderr) == 0);
    CHECK(dup2(saved, STDERR_FILENO) == STDERR_FILENO && close(saved) == 0);
    const ssize_t length = pread(fileno(file), text, limit - 1, 0);
    CHECK(length >= 0 && fclose(file) == 0);
    text[length] = '\0';
    return (size_t)length;
}

static void test_malloc_stats_tells_what_is_in_use(void **state) {
    (void)state;
    static char text[65536];
    const size_t bytes = fill_up(1000, 40000);
    assert_true(capture_malloc_stats(text, sizeof text) > 0);
    bool told = false;
    for (const char *at = text; *at != '\0';) {
        char *end = NULL;
        const size_t number = isdigit((unsigned char)*at) ? strtoul(at, &end, 10) : 0;
        told = told || (number >= bytes && number < bytes * 5 / 4 + SUPPORT_MIB);
        at = end != NULL ? end : at + 1;
    }
    assert_true(told);
    free_all(1000);
}

static void test_malloc_trim_gives_back(void **state) {
    (void)state;
    (void)malloc_trim(0);
    static const size_t sizes[] = {100, 3000, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const size_t before = resident_bytes();
        const size_t count = 60 * SUPPORT_MIB / sizes[i];
        char **const many = calloc(count, sizeof *many);
        assert_non_null(many);
        for (size_t j = 0; j < count; j++) {
            many[j] = malloc(hide_size(sizes[i]));
            assert_non_null(many[j]);
            memset(many[j], 1, sizes[i]);
        }
        ASSERT_FOR(resident_bytes() > before + 55 * SUPPORT_MIB, "resident with blocks", sizes[i]);
        for (size_t j = 0; j < count; j++) {
            free(many[j]);
        }
        free(many);
        errno = EXDEV;
        const int told = malloc_trim(0);
        ASSERT_FOR(told == 0 || told == 1, "malloc_trim", sizes[i]);
        ASSERT_FOR(resident_bytes() < before + 8 * SUPPORT_MIB, "resident after trim", sizes[i]);
    }
    assert_int_equal(malloc_trim(0) & ~1, 0);
    assert_int_equal(malloc_trim(SIZE_MAX) & ~1, 0);
    /* What was given back can be used again. */
    (void)fill_up(BLOCKS, 1000);
    free_all(BLOCKS);
}

/* What is free goes back even where it lies between blocks that stay, whose contents stay too. */
static void test_malloc_trim_works_beside_live_blocks(void **state) {
    (void)state;
    enum { LARGE = 720, SIZE = 100000, EACH = 6 };
    (void)malloc_trim(0);
    const size_t before = resident_bytes();
    for (size_t i = 0; i < LARGE; i++) {
        blocks[i] = malloc(hide_size(SIZE));
        assert_non_null(blocks[i]);
        pattern_fill(blocks[i], SIZE, i);
    }
    assert_true(resident_bytes() > before + LARGE * SIZE * 9 / 10);
    for (size_t i = 0; i < LARGE; i++) {
        if (i % EACH != 0) {
            free(blocks[i]);
        }
    }
    (void)malloc_trim(0);
    assert_true(resident_bytes() < before + LARGE / EACH * SIZE * 5 / 4 + 2 * SUPPORT_MIB);
    for (size_t i = 0; i < LARGE; i += EACH) {
        assert_true(pattern_holds(blocks[i], SIZE, i));
        free(blocks[i]);
    }
}

static void test_mallopt_is_harmless(void **state) {
    (void)state;
    static const int known[] = {M_MXFAST,       M_TRIM_THRESHOLD, M_TOP_PAD,  M_MMAP_THRESHOLD,
                                M_CHECK_ACTION, M_ARENA_TEST,     M_ARENA_MAX};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const int told = mallopt(known[i], 65536);
        assert_true(told == 0 || told == 1);
        void *const block = malloc(hide_size(70000));
        assert_non_null(block);
        free(block);
    }
    /* glibc grants any parameter that it does not know; the library does not claim so. */
    assert_int_equal(mallopt(12345, 1), library_present() ? 0 : 1);
}

int main(void) {
    support_begin(60);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mallinfo2_follows_the_program),
        cmocka_unit_test(test_mallinfo2_adds_up),
        cmocka_unit_test(test_mallinfo_is_mallinfo2),
        cmocka_unit_test(test_malloc_info_is_well_formed),
        cmocka_unit_test(test_malloc_info_knows_one_format),
        cmocka_unit_test(test_malloc_stats_tells_what_is_in_use),
        cmocka_unit_test(test_malloc_trim_gives_back),
        cmocka_unit_test(test_malloc_trim_works_beside_live_blocks),
        cmocka_unit_test(test_mallopt_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

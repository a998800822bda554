/* SPDX-License-Identifier: MIT */
/* Functions of the C library that allocate for the program, or for themselves. */
#include "suite.h"

#include <dirent.h>
#include <glob.h>
#include <locale.h>
#include <regex.h>
#include <search.h>
#include <wchar.h>

static void test_strings(void **state) {
    (void)state;
    for (size_t length = 0; length < 100000; length = length * 2 + 1) {
        char *const text = malloc(length + 1);
        assert_non_null(text);
        memset(text, 'x', length);
        text[length] = '\0';
        char *const copy = strdup(text);
        char *const part = strndup(text, length / 2);
        assert_true(copy != NULL && part != NULL);
        assert_string_equal(copy, text);
        ASSERT_FOR(strlen(part) == length / 2, "strndup", length);
        free(part);
        char *const twice = realloc(copy, 2 * length + 1);
        assert_non_null(twice);
        strcat(twice, text);
        ASSERT_FOR(strlen(twice) == 2 * length, "realloc of strdup", length);
        free(twice);
        free(text);
    }
}

static void test_asprintf(void **state) {
    (void)state;
    for (int width = 1; width < 200000; width *= 3) {
        char *text = NULL;
        assert_int_equal(asprintf(&text, "%*d", width, 7), width);
        assert_int_equal(strlen(text), width);
        assert_int_equal(text[width - 1], '7');
        free(text);
    }
}

static void test_getline(void **state) {
    (void)state;
    FILE *const file = tmpfile();
    assert_non_null(file);
    for (int length = 1; length < 200000; length *= 2) {
        for (int i = 0; i < length; i++) {
            assert_int_equal(fputc('a' + length % 26, file), 'a' + length % 26);
        }
        assert_int_equal(fputc('\n', file), '\n');
    }
    rewind(file);
    char *line = malloc(1);
    size_t capacity = 1;
    assert_non_null(line);
    for (int length = 1; length < 200000; length *= 2) {
        assert_int_equal(getline(&line, &capacity, file), length + 1);
        assert_int_equal(line[length - 1], 'a' + length % 26);
    }
    assert_int_equal(getline(&line, &capacity, file), -1);
    free(line);
    assert_int_equal(fclose(file), 0);
}

static void test_memory_streams(void **state) {
    (void)state;
    char *text = NULL;
    size_t length = 0;
    FILE *const stream = open_memstream(&text, &length);
    assert_non_null(stream);
    for (int i = 0; i < 50000; i++) {
        assert_true(fprintf(stream, "%06d\n", i) == 7);
    }
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(length, 350000);
    assert_memory_equal(text + 7 * 49999, "049999\n", 8);
    free(text);

    wchar_t *wide = NULL;
    FILE *const wide_stream = open_wmemstream(&wide, &length);
    assert_non_null(wide_stream);
    for (int i = 0; i < 5000; i++) {
        assert_true(fputwc(L'w', wide_stream) == L'w');
    }
    assert_int_equal(fclose(wide_stream), 0);
    assert_int_equal(length, 5000);
    free(wide);
}

static int compare_numbers(const void *left, const void *right) {
    const uint64_t a = *(const uint64_t *)left;
    const uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void test_sorting_and_searching(void **state) {
    (void)state;
    enum { NUMBERS = 300000, KEYS = 2000 };
    struct support_random random = {17};
    uint64_t *const numbers = calloc(NUMBERS, sizeof *numbers);
    assert_non_null(numbers);
    for (size_t i = 0; i < NUMBERS; i++) {
        numbers[i] = random_next(&random);
    }
    qsort(numbers, NUMBERS, sizeof *numbers, compare_numbers);
    void *tree = NULL;
    for (size_t i = 1; i < NUMBERS; i++) {
        ASSERT_FOR(numbers[i - 1] <= numbers[i], "qsort", i);
    }
    for (size_t i = 0; i < KEYS; i++) {
        assert_non_null(tsearch(&numbers[i * 100], &tree, compare_numbers));
    }
    for (size_t i = 0; i < KEYS; i++) {
        assert_non_null(tfind(&numbers[i * 100], &tree, compare_numbers));
        assert_non_null(tdelete(&numbers[i * 100], &tree, compare_numbers));
    }
    assert_null(tree);
    free(numbers);
}

static void test_names_of_files(void **state) {
    (void)state;
    char *const here = getcwd(NULL, 0);
    assert_non_null(here);
    char *const real = realpath("/proc/../", NULL);
    assert_non_null(real);
    assert_string_equal(real, "/");
    free(real);
    free(here);

    struct dirent **names = NULL;
    const int count = scandir("/", &names, NULL, alphasort);
    assert_true(count > 2);
    for (int i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);

    glob_t found;
    assert_int_equal(glob("/*", 0, NULL, &found), 0);
    assert_true(found.gl_pathc > 2);
    globfree(&found);
}

static void test_regular_expressions(void **state) {
    (void)state;
    for (int i = 0; i < 50; i++) {
        regex_t expression;
        assert_int_equal(regcomp(&expression, "^(a|b)*(cd{1,20}e?)+[[:alpha:]]*$", REG_EXTENDED),
                         0);
        assert_int_equal(regexec(&expression, "ababcdddcddefgh", 0, NULL, 0), 0);
        assert_int_equal(regexec(&expression, "ababxdddcddefg1", 0, NULL, 0), REG_NOMATCH);
        regfree(&expression);
    }
}

static void test_environment_and_locale(void **state) {
    (void)state;
    char name[32];
    for (int i = 0; i < 500; i++) {
        assert_true(snprintf(name, sizeof name, "CONTRACT_%d", i) > 0);
        assert_int_equal(setenv(name, "1", 1), 0);
        assert_int_equal(setenv(name, "a longer value than the one before it", 1), 0);
    }
    assert_string_equal(getenv("CONTRACT_250"), "a longer value than the one before it");
    for (int i = 0; i < 500; i++) {
        assert_true(snprintf(name, sizeof name, "CONTRACT_%d", i) > 0);
        assert_int_equal(unsetenv(name), 0);
    }
    for (int i = 0; i < 20; i++) {
        assert_non_null(setlocale(LC_ALL, i % 2 == 0 ? "C.UTF-8" : "C"));
        const locale_t locale = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
        assert_true(locale != (locale_t)0);
        freelocale(locale);
    }
}

static void test_files(void **state) {
    (void)state;
    for (int i = 0; i < 200; i++) {
        FILE *const file = fopen("/proc/self/status", "r");
        assert_non_null(file);
        assert_int_equal(setvbuf(file, NULL, _IOFBF, 100000), 0);
        char line[256];
        assert_non_null(fgets(line, sizeof line, file));
        assert_int_equal(fclose(file), 0);
    }
}

int main(void) {
    support_begin(60);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_asprintf),
        cmocka_unit_test(test_getline),
        cmocka_unit_test(test_memory_streams),
        cmocka_unit_test(test_sorting_and_searching),
        cmocka_unit_test(test_names_of_files),
        cmocka_unit_test(test_regular_expressions),
        cmocka_unit_test(test_environment_and_locale),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* malloc_usable_size: at least what was asked for, always the same, and all of it the program's. */
#include "suite.h"

static void test_null_has_none(void **state) {
    (void)state;
    assert_int_equal(malloc_usable_size(hide(NULL)), 0);
}

static void test_at_least_the_request(void **state) {
    (void)state;
    size_t sizes[BOUNDARY_MAX];
    const size_t count = boundary_sizes(sizes, 8 * SUPPORT_MIB);
    for (size_t e = 0; e < ENTRY_COUNT; e++) {
        for (size_t i = 0; i < count; i++) {
            unsigned char *const block = entries[e].get(sizes[i]);
            ASSERT_FOR(block != NULL, entries[e].name, sizes[i]);
            ASSERT_FOR(malloc_usable_size(block) >= sizes[i], entries[e].name, sizes[i]);
            free(block);
        }
    }
}

static void test_all_of_it_is_writable_and_nobody_elses(void **state) {
    (void)state;
    enum { EACH = 3 };
    static unsigned char *blocks[BOUNDARY_MAX * EACH];
    static size_t usable[BOUNDARY_MAX * EACH];
    size_t sizes[BOUNDARY_MAX];
    const size_t count = boundary_sizes(sizes, 300000);
    for (size_t e = 0; e < ENTRY_COUNT; e++) {
        for (size_t i = 0; i < count * EACH; i++) {
            blocks[i] = entries[e].get(sizes[i / EACH]);
            ASSERT_FOR(blocks[i] != NULL, entries[e].name, sizes[i / EACH]);
            usable[i] = malloc_usable_size(blocks[i]);
            pattern_fill(blocks[i], usable[i], i);
        }
        for (size_t i = 0; i < count * EACH; i++) {
            const size_t size = sizes[i / EACH];
            ASSERT_FOR(pattern_holds(blocks[i], usable[i], i), entries[e].name, size);
            ASSERT_FOR(malloc_usable_size(blocks[i]) == usable[i], entries[e].name, size);
        }
        for (size_t i = 0; i < count * EACH; i++) {
            free(blocks[i]);
        }
    }
}

/* A caller may put what it found into realloc, and must get no less than the same again. Nothing
 * is found in a block of no bytes, if that is inaccessible. */
static void test_stable_under_realloc_to_itself(void **state) {
    (void)state;
    size_t sizes[BOUNDARY_MAX];
    const size_t count = boundary_sizes(sizes, 2 * SUPPORT_MIB);
    for (size_t i = 0; i < count; i++) {
        unsigned char *block = malloc(hide_size(sizes[i]));
        assert_non_null(block);
        const size_t usable = malloc_usable_size(block);
        pattern_fill(block, usable, i);
        if (usable == 0) {
            assert_int_equal(sizes[i], 0);
            free(block);
            continue;
        }
        block = realloc(hide(block), usable);
        ASSERT_FOR(block != NULL, "realloc", usable);
        ASSERT_FOR(malloc_usable_size(block) >= usable, "realloc", usable);
        ASSERT_FOR(pattern_holds(block, usable, i), "realloc", usable);
        free(block);
    }
}

static void test_realloc_keeps_all_that_was_usable(void **state) {
    (void)state;
    size_t sizes[BOUNDARY_MAX];
    const size_t count = boundary_sizes(sizes, 300000);
    for (size_t i = 0; i < count; i++) {
        unsigned char *block = malloc(hide_size(sizes[i]));
        assert_non_null(block);
        const size_t usable = malloc_usable_size(block);
        pattern_fill(block, usable, i);
        block = realloc(hide(block), usable * 2 + 100);
        ASSERT_FOR(block != NULL, "realloc", usable);
        ASSERT_FOR(pattern_holds(block, usable, i), "realloc", usable);
        free(block);
    }
}

int main(void) {
    support_begin(60);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_null_has_none),
        cmocka_unit_test(test_at_least_the_request),
        cmocka_unit_test(test_all_of_it_is_writable_and_nobody_elses),
        cmocka_unit_test(test_stable_under_realloc_to_itself),
        cmocka_unit_test(test_realloc_keeps_all_that_was_usable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Blocks used after they were freed, in ways other than to free them again. */
#include "misuse.h"

static void *freed(size_t size) {
    void *const block = announce(get(size));
    free(block);
    /* cppcheck-suppress deallocret */
    return hide(block);
}

static void realloc_small(void) {
    CHECK(realloc(freed(100), 200) != NULL);
}

static void realloc_small_in_place(void) {
    CHECK(realloc(freed(100), 101) != NULL);
}

static void realloc_large(void) {
    CHECK(realloc(freed(100000), 200000) != NULL);
}

static void realloc_large_to_nothing(void) {
    CHECK(realloc(freed(100000), hide_size(0)) == NULL);
}

static void realloc_small_to_nothing(void) {
    CHECK(realloc(freed(100), hide_size(0)) == NULL);
}

static void usable_size_small(void) {
    CHECK(malloc_usable_size(freed(100)) > 0);
}

static void usable_size_large(void) {
    CHECK(malloc_usable_size(freed(100000)) > 0);
}

/* The place has become the inside of a block that is larger. */
static void inside_another(void) {
    void *const first = get(200000);
    void *const stale = announce(get(200000));
    free(first);
    free(stale);
    char *const larger = get(400000);
    CHECK((char *)stale > larger && (char *)stale < larger + 400000);
    free(hide(stale));
}

const struct misuse_case stale_cases[] = {
    {"realloc-freed-small", realloc_small},
    {"realloc-freed-small-in-place", realloc_small_in_place},
    {"realloc-freed-large", realloc_large},
    {"realloc-freed-large-to-nothing", realloc_large_to_nothing},
    {"realloc-freed-small-to-nothing", realloc_small_to_nothing},
    {"usable-size-freed-small", usable_size_small},
    {"usable-size-freed-large", usable_size_large},
    {"free-stale-inside-another", inside_another},
    {NULL, NULL},
};

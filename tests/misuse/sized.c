/* SPDX-License-Identifier: MIT */
/* C23's sized free, which the C library's headers may not declare yet. */
#include "misuse.h"

static void find(const char *name, void *function) {
    void *const symbol = dlsym(RTLD_DEFAULT, name);
    CHECK(symbol != NULL);
    memcpy(function, &symbol, sizeof symbol);
}

static void sized_free(void *block, size_t size) {
    void (*call)(void *, size_t);
    find("free_sized", &call);
    call(block, size);
}

static void sized_aligned_free(void *block, size_t alignment, size_t size) {
    void (*call)(void *, size_t, size_t);
    find("free_aligned_sized", &call);
    call(block, alignment, size);
}

static void small(void) {
    sized_free(announce(get(100)), 1000);
}

static void large(void) {
    sized_free(announce(get(100000)), 200000);
}

static void small_said_large(void) {
    sized_free(announce(get(100)), 100000);
}

static void aligned_size(void) {
    sized_aligned_free(announce(aligned_alloc(64, hide_size(128))), 64, 4096);
}

static void alignment(void) {
    void *const block = get(24);
    void *const other = get(24);
    void *const odd = (uintptr_t)block % 4096 != 0 ? block : other;
    sized_aligned_free(announce(odd), 4096, 24);
}

static void freed_small(void) {
    void *const block = announce(get(100));
    sized_free(block, 100);
    sized_free(hide(block), 100);
}

static void freed_large(void) {
    void *const block = announce(get(100000));
    sized_free(block, 100000);
    sized_free(hide(block), 100000);
}

static void interior(void) {
    sized_free(announce_at(get(64), 16), 48);
}

/* No error: sizes as they were asked for, and NULL. */
static void as_asked(void) {
    (void)announce(NULL);
    for (size_t size = 0; size < 300000; size = size * 3 / 2 + 1) {
        void *const block = get(size);
        sized_free(block, size);
        void *const aligned = aligned_alloc(64, hide_size(size));
        sized_aligned_free(aligned, 64, size);
        void *const page_aligned = aligned_alloc(16384, hide_size(size));
        sized_aligned_free(page_aligned, 16384, size);
        void *const resized = realloc(get(size), size / 3 + 1);
        sized_free(resized, size / 3 + 1);
        sized_free(realloc(get(size), size * 3 + 1), size * 3 + 1);
    }
    sized_free(NULL, 100);
    sized_aligned_free(NULL, 64, 100);
}

const struct misuse_case sized_cases[] = {
    {"free-sized-small", small},
    {"free-sized-large", large},
    {"free-sized-small-said-large", small_said_large},
    {"free-aligned-sized-size", aligned_size},
    {"free-aligned-sized-alignment", alignment},
    {"free-sized-freed-small", freed_small},
    {"free-sized-freed-large", freed_large},
    {"free-sized-interior", interior},
    {"free-sized-as-asked", as_asked},
    {NULL, NULL},
};

/* SPDX-License-Identifier: MIT */
/* Pointers into the library's heap that are not where a block starts. */
#include "misuse.h"

/* From the first block to where nothing was ever handed out, in the smallest heap that can be
 * built, too. */
enum { BEYOND = 8 * 1024 * 1024 };

static void free_at(size_t size, size_t offset) {
    free(announce_at(get(size), offset));
}

static void small_8(void) {
    free_at(64, 8);
}

static void small_1(void) {
    free_at(64, 1);
}

static void small_16(void) {
    free_at(64, 16);
}

static void small_48(void) {
    free_at(64, 48);
}

static void middle_16(void) {
    free_at(5000, 16);
}

static void middle_half(void) {
    free_at(5120, 2560);
}

static void large_1(void) {
    free_at(100000, 1);
}

static void large_16(void) {
    free_at(100000, 16);
}

static void large_page(void) {
    free_at(100000, 4096);
}

static void large_last_page(void) {
    free_at(1048576, 1048576 - 4096);
}

static void aligned_interior(void) {
    void *const block = memalign(4096, hide_size(200));
    CHECK(block != NULL);
    free(announce_at(block, 64));
}

/* The place right behind the last block of its kind. (Behind a small block lies a slot; one that
 * was never handed out is noticed only when its magazine is given back.) */
static void large_end(void) {
    void *const block = get(100000);
    free(announce_at(block, malloc_usable_size(block)));
}

/* In the heap, far above all that was ever handed out. */
static void never_handed_out(void) {
    void *const block = get(100000);
    void *const beyond = (char *)block + BEYOND;
    CHECK(library_owns(beyond));
    free(announce(beyond));
}

static void never_handed_out_inside(void) {
    void *const block = get(100000);
    free(announce_at(block, BEYOND + 48));
}

static void realloc_interior(void) {
    CHECK(realloc(announce_at(get(64), 16), 1000) != NULL);
}

static void realloc_large_interior(void) {
    CHECK(realloc(announce_at(get(100000), 4096), 1000) != NULL);
}

static void realloc_misaligned(void) {
    CHECK(realloc(announce_at(get(64), 4), 1000) != NULL);
}

static void realloc_never_handed_out(void) {
    CHECK(realloc(announce_at(get(100000), BEYOND), 1000) != NULL);
}

static void usable_size_interior(void) {
    CHECK(malloc_usable_size(announce_at(get(64), 16)) > 0);
}

static void usable_size_never_handed_out(void) {
    CHECK(malloc_usable_size(announce_at(get(100000), BEYOND)) > 0);
}

const struct misuse_case wrong_place_cases[] = {
    {"free-small-plus-1", small_1},
    {"free-small-plus-8", small_8},
    {"free-small-plus-16", small_16},
    {"free-small-plus-48", small_48},
    {"free-middle-plus-16", middle_16},
    {"free-middle-plus-half", middle_half},
    {"free-large-plus-1", large_1},
    {"free-large-plus-16", large_16},
    {"free-large-plus-a-page", large_page},
    {"free-large-last-page", large_last_page},
    {"free-aligned-interior", aligned_interior},
    {"free-large-end", large_end},
    {"free-never-handed-out", never_handed_out},
    {"free-never-handed-out-inside", never_handed_out_inside},
    {"realloc-interior", realloc_interior},
    {"realloc-large-interior", realloc_large_interior},
    {"realloc-misaligned", realloc_misaligned},
    {"realloc-never-handed-out", realloc_never_handed_out},
    {"usable-size-interior", usable_size_interior},
    {"usable-size-never-handed-out", usable_size_never_handed_out},
    {NULL, NULL},
};

/* SPDX-License-Identifier: MIT */
/*
 * survivor CASE
 *
 * Errors that no allocator can see at a call: writes to freed blocks, and over the end of a block
 * into a free one, but for the word in small ones that tells that they are free (write_after_free.c
 * and write_over_the_end.c are for that). What the allocator must trust lies elsewhere, so it goes
 * on unharmed: no crash, no two blocks in one place, and its own check finds nothing.
 */
#include "../support.h"

enum { BLOCKS = 4000, ROUNDS = 5 };

static const size_t sizes[] = {8, 16, 40, 64, 200, 1000, 4096, 9000, 33000, 70000};

enum { SIZES = sizeof sizes / sizeof sizes[0] };

static unsigned char *blocks[BLOCKS];

static size_t count_for(size_t size) {
    const size_t fit = 16 * SUPPORT_MIB / size;
    return fit < BLOCKS ? fit : BLOCKS;
}

static void take(size_t size, size_t count) {
    for (size_t i = 0; i < count; i++) {
        blocks[i] = malloc(hide_size(size));
        CHECK(blocks[i] != NULL && is_aligned(blocks[i], 16));
        pattern_fill(blocks[i], size, i);
    }
    for (size_t i = 0; i < count; i++) {
        CHECK(pattern_holds(blocks[i], size, i));
    }
}

static void give(size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(blocks[i]);
    }
}

static void check_allocator(void) {
    const char *(*check)(void) = NULL;
    find_in_library("chunkmalloc_check", &check);
    CHECK(check != NULL);
    const char *const broken = check();
    if (broken != NULL) {
        support_write(broken);
    }
    CHECK(broken == NULL);
}

static void use_heavily(void) {
    for (size_t i = 0; i < SIZES; i++) {
        const size_t count = count_for(sizes[i]);
        take(sizes[i], count);
        give(count);
    }
    check_allocator();
}

/* All but the second word of a block, with the byte or with a pattern. */
static void spoil(unsigned char *stale, size_t size, bool ones) {
    uint64_t words[2] = {0};
    const size_t kept = size < 16 ? 0 : 8;
    memcpy(words, stale, 8 + kept);
    if (ones) {
        memset(stale, 0xff, size);
    } else {
        pattern_fill(stale, size, (uintptr_t)stale);
    }
    memcpy(stale + 8, &words[1], kept);
}

/* Every such byte of freed blocks, with what looks like pointers, sizes, and ones. */
static void write_after_free(void) {
    for (size_t i = 0; i < SIZES; i++) {
        const size_t count = count_for(sizes[i]);
        for (size_t round = 0; round < ROUNDS; round++) {
            take(sizes[i], count);
            give(count);
            for (size_t j = 0; j < count; j++) {
                spoil(hide(blocks[j]), sizes[i], round % 2 == 0);
            }
        }
        use_heavily();
    }
}

/* Live and free blocks in turn; the live ones are written over their end, into the free ones. */
static void write_over_the_end(void) {
    for (size_t i = 0; i < SIZES; i++) {
        const size_t count = count_for(sizes[i]) / 2 * 2;
        take(sizes[i], count);
        for (size_t j = 1; j < count; j += 2) {
            free(blocks[j]);
        }
        for (size_t j = 0; j < count; j += 2) {
            /* Only where the next in the list is the next in memory. */
            unsigned char *const end = blocks[j] + sizes[i];
            unsigned char *const next = hide(blocks[j + 1]);
            if (next >= end && next < end + sizes[i]) {
                spoil(hide(next), sizes[i], true);
                memset(hide(end), 0xff, (size_t)(next - end));
            }
        }
        for (size_t j = 1; j < count; j += 2) {
            blocks[j] = malloc(hide_size(sizes[i]));
            CHECK(blocks[j] != NULL);
            pattern_fill(blocks[j], sizes[i], j);
        }
        for (size_t j = 0; j < count; j++) {
            CHECK(pattern_holds(blocks[j], sizes[i], j));
        }
        give(count);
        use_heavily();
    }
}

int main(int argc, char **argv) {
    support_begin(60);
    CHECK(argc == 2);
    if (strcmp(argv[1], "write-after-free") == 0) {
        write_after_free();
    } else {
        CHECK(strcmp(argv[1], "write-over-the-end") == 0);
        write_over_the_end();
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Every size from 0 to 70000, each block filled to the last byte asked for, many alive at once. */
#include "suite.h"

enum { LAST_SIZE = 70000, WINDOW = 128 };

struct live {
    unsigned char *block;
    size_t size;
};

static void retire(struct live *live) {
    if (live->block != NULL) {
        ASSERT_FOR(pattern_holds(live->block, live->size, live->size), "block", live->size);
        free(live->block);
    }
    live->block = NULL;
}

static void sweep(size_t step, size_t first, void *(*get)(size_t size)) {
    static struct live window[WINDOW];
    size_t turn = 0;
    for (size_t size = first; size <= LAST_SIZE; size += step) {
        struct live *const live = &window[turn++ * 37 % WINDOW];
        retire(live);
        live->block = get(size);
        live->size = size;
        ASSERT_FOR(live->block != NULL && is_aligned(live->block, 16), "block", size);
        pattern_fill(live->block, size, size);
    }
    for (size_t i = 0; i < WINDOW; i++) {
        retire(&window[i]);
    }
}

static void test_every_size_by_malloc(void **state) {
    (void)state;
    sweep(1, 0, entry_malloc);
}

static void test_every_small_size_by_every_entry_point(void **state) {
    (void)state;
    for (size_t e = 0; e < ENTRY_COUNT; e++) {
        sweep(e + 23, e, entries[e].get);
    }
}

/* Downwards: what a large block leaves is cut up for smaller ones. */
static void test_downwards(void **state) {
    (void)state;
    static struct live window[WINDOW];
    for (size_t size = LAST_SIZE; size > 0; size -= size > 4096 ? 13 : 1) {
        struct live *const live = &window[size % WINDOW];
        retire(live);
        live->block = malloc(hide_size(size));
        live->size = size;
        ASSERT_FOR(live->block != NULL, "block", size);
        pattern_fill(live->block, size, size);
    }
    for (size_t i = 0; i < WINDOW; i++) {
        retire(&window[i]);
    }
}

static void test_random_lives(void **state) {
    (void)state;
    enum { SLOTS = 20000, STEPS = 100000 };
    static struct live slots[SLOTS];
    struct support_random random = {19};
    for (size_t step = 0; step < STEPS; step++) {
        struct live *const live = &slots[random_below(&random, SLOTS)];
        retire(live);
        live->size = random_size(&random, 20000);
        live->block = entries[random_below(&random, 6)].get(live->size);
        ASSERT_FOR(live->block != NULL, "block", live->size);
        pattern_fill(live->block, live->size, live->size);
    }
    for (size_t i = 0; i < SLOTS; i++) {
        retire(&slots[i]);
    }
}

int main(void) {
    support_begin(90);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_size_by_malloc),
        cmocka_unit_test(test_every_small_size_by_every_entry_point),
        cmocka_unit_test(test_downwards),
        cmocka_unit_test(test_random_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* realloc: the contents come along, up, down and to the side. */
#include "suite.h"

static const size_t ladder[] = {
    0,     1,     15,     16,     17,     24,     32,     48,     100,     128,
    129,   200,   256,    300,    512,    1000,   1024,   1025,   2048,    3000,
    4095,  4096,  4097,   8192,   10000,  16384,  20000,  32767,  32768,   32769,
    40000, 65536, 100000, 131072, 135168, 200000, 262144, 500000, 1048576, 1500000,
};

enum { RUNGS = sizeof ladder / sizeof ladder[0] };

static size_t smaller(size_t left, size_t right) {
    return left < right ? left : right;
}

static void test_every_rung_to_every_other(void **state) {
    (void)state;
    for (size_t from = 0; from < RUNGS; from++) {
        for (size_t to = 1; to < RUNGS; to++) {
            unsigned char *block = malloc(hide_size(ladder[from]));
            unsigned char *const neighbour = malloc(hide_size(ladder[from]));
            assert_true(block != NULL && neighbour != NULL);
            pattern_fill(block, ladder[from], from);
            pattern_fill(neighbour, ladder[from], to + 1000);
            block = realloc(hide(block), hide_size(ladder[to]));
            ASSERT_FOR(block != NULL, "realloc to", ladder[to]);
            ASSERT_FOR(is_aligned(block, 16), "realloc to", ladder[to]);
            ASSERT_FOR(malloc_usable_size(block) >= ladder[to], "realloc to", ladder[to]);
            const size_t kept = smaller(ladder[from], ladder[to]);
            ASSERT_FOR(pattern_holds(block, kept, from), "realloc to", ladder[to]);
            pattern_fill(block, ladder[to], to);
            ASSERT_FOR(pattern_holds(neighbour, ladder[from], to + 1000), "realloc to", ladder[to]);
            free(neighbour);
            ASSERT_FOR(pattern_holds(block, ladder[to], to), "realloc to", ladder[to]);
            free(block);
        }
    }
}

static void test_up_and_down_the_whole_ladder(void **state) {
    (void)state;
    unsigned char *block = NULL;
    size_t size = 0;
    for (size_t turn = 0; turn < 3; turn++) {
        for (size_t step = 0; step < 2 * RUNGS; step++) {
            const size_t rung = step < RUNGS ? step : 2 * RUNGS - 1 - step;
            const size_t wanted = ladder[rung] + 1;
            block = realloc(hide(block), wanted);
            ASSERT_FOR(block != NULL, "realloc", wanted);
            ASSERT_FOR(pattern_holds(block, smaller(size, wanted), 5), "realloc", wanted);
            pattern_fill(block, wanted, 5);
            size = wanted;
        }
    }
    free(block);
}

static void test_growing_byte_by_byte(void **state) {
    (void)state;
    unsigned char *block = NULL;
    for (size_t size = 1; size <= 40000; size++) {
        block = realloc(hide(block), hide_size(size));
        ASSERT_FOR(block != NULL, "realloc", size);
        block[size - 1] = (unsigned char)(size * 131 / 7);
        if (size % 1009 == 0) {
            for (size_t i = 1; i <= size; i++) {
                ASSERT_FOR(block[i - 1] == (unsigned char)(i * 131 / 7), "byte", i);
            }
        }
    }
    for (size_t size = 40000; size > 0; size--) {
        block = realloc(hide(block), hide_size(size));
        ASSERT_FOR(block != NULL, "realloc", size);
        ASSERT_FOR(block[size - 1] == (unsigned char)(size * 131 / 7), "realloc", size);
    }
    free(block);
}

static void test_growing_to_128_mebibytes(void **state) {
    (void)state;
    uint64_t *words = NULL;
    size_t filled = 0;
    for (size_t size = 4096; size <= 128 * SUPPORT_MIB; size = size / 2 * 3) {
        words = realloc(hide(words), hide_size(size));
        ASSERT_FOR(words != NULL, "realloc", size);
        for (; filled < size / 8; filled++) {
            words[filled] = pattern_word(3, filled);
        }
    }
    for (size_t i = 0; i < filled; i++) {
        ASSERT_FOR(words[i] == pattern_word(3, i), "word", i);
    }
    for (size_t size = filled * 8; size >= 4096; size /= 3) {
        words = realloc(hide(words), hide_size(size));
        ASSERT_FOR(words != NULL, "realloc", size);
        ASSERT_FOR(pattern_holds(words, size, 3), "realloc", size);
    }
    free(words);
}

static void test_large_block_moves_between_neighbours(void **state) {
    (void)state;
    /* A row of blocks; each second one grows into, then over, what is free beside it. */
    enum { ROW = 24 };
    unsigned char *row[ROW];
    for (size_t size = 9000; size <= 900000; size *= 10) {
        for (size_t i = 0; i < ROW; i++) {
            row[i] = malloc(hide_size(size));
            assert_non_null(row[i]);
            pattern_fill(row[i], size, i);
        }
        for (size_t i = 1; i < ROW; i += 4) {
            free(row[i]);
            row[i] = NULL;
        }
        for (size_t i = 0; i < ROW; i += 2) {
            row[i] = realloc(hide(row[i]), size * 3 / 2);
            ASSERT_FOR(row[i] != NULL && pattern_holds(row[i], size, i), "realloc", size);
            row[i] = realloc(hide(row[i]), size * 4);
            ASSERT_FOR(row[i] != NULL && pattern_holds(row[i], size, i), "realloc", size);
            pattern_fill(row[i], size * 4, i + 500);
        }
        for (size_t i = 0; i < ROW; i++) {
            const bool grown = i % 2 == 0;
            if (row[i] != NULL) {
                ASSERT_FOR(pattern_holds(row[i], grown ? size * 4 : size, grown ? i + 500 : i),
                           "block", size);
            }
            free(row[i]);
        }
    }
}

static void test_random_against_a_record(void **state) {
    (void)state;
    enum { SLOTS = 1000, STEPS = 60000 };
    static unsigned char *blocks[SLOTS];
    static size_t sizes[SLOTS];
    struct support_random random = {13};
    for (size_t step = 0; step < STEPS; step++) {
        const size_t slot = random_below(&random, SLOTS);
        const size_t wanted = 1 + random_size(&random, 100000);
        unsigned char *const block = realloc(hide(blocks[slot]), hide_size(wanted));
        ASSERT_FOR(block != NULL, "realloc", wanted);
        const size_t kept = smaller(sizes[slot], wanted);
        ASSERT_FOR(pattern_holds(block, kept, slot), "realloc", wanted);
        pattern_fill(block, wanted, slot);
        blocks[slot] = block;
        sizes[slot] = wanted;
        if (random_below(&random, 4) == 0) {
            free(block);
            blocks[slot] = NULL;
            sizes[slot] = 0;
        }
    }
    for (size_t slot = 0; slot < SLOTS; slot++) {
        ASSERT_FOR(sizes[slot] == 0 || pattern_holds(blocks[slot], sizes[slot], slot), "block",
                   sizes[slot]);
        free(blocks[slot]);
    }
}

static void test_reallocarray_is_realloc_of_the_product(void **state) {
    (void)state;
    uint32_t *numbers = NULL;
    for (size_t count = 1; count < 200000; count = count * 2 + 1) {
        numbers = reallocarray(hide(numbers), hide_size(count), sizeof *numbers);
        ASSERT_FOR(numbers != NULL, "reallocarray", count);
        ASSERT_FOR(malloc_usable_size(numbers) >= count * sizeof *numbers, "reallocarray", count);
        for (size_t i = count / 2; i < count; i++) {
            numbers[i] = (uint32_t)i;
        }
        for (size_t i = 0; i < count; i++) {
            ASSERT_FOR(numbers[i] == i, "number", i);
        }
    }
    free(numbers);
}

int main(void) {
    support_begin(60);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_rung_to_every_other),
        cmocka_unit_test(test_up_and_down_the_whole_ladder),
        cmocka_unit_test(test_growing_byte_by_byte),
        cmocka_unit_test(test_growing_to_128_mebibytes),
        cmocka_unit_test(test_large_block_moves_between_neighbours),
        cmocka_unit_test(test_random_against_a_record),
        cmocka_unit_test(test_reallocarray_is_realloc_of_the_product),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

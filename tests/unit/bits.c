/* SPDX-License-Identifier: MIT */
/* bits.h, with and without builtins, and arith.h, against the plainest loops. */
#include "fixture.h"

#include "core/arith.h"
#include "core/bits.h"

static uint64_t random_word(struct support_random *random) {
    const uint64_t word = random_next(random) >> random_below(random, 64);
    return word != 0 ? word : 1;
}

static void lowest_and_highest(void **state) {
    (void)state;
    struct support_random random = {.state = 1};
    for (int round = 0; round < 10000; round++) {
        const uint64_t word = random_word(&random) << random_below(&random, 64);
        if (word == 0) {
            continue;
        }
        unsigned lowest = 0;
        unsigned highest = 63;
        while ((word >> lowest & 1) == 0) {
            lowest++;
        }
        while ((word >> highest & 1) == 0) {
            highest--;
        }
        assert_int_equal(bits_lowest(word), lowest);
        assert_int_equal(bits_highest(word), highest);
    }
}

/* Each place of the two bits that count, with everything and with nothing between them. */
static void as_the_builtins_find_them(void **state) {
    (void)state;
    for (uint32_t low = 0; low < 64; low++) {
        for (uint32_t high = low; high < 64; high++) {
            const uint64_t words[] = {bits_one(low) | bits_one(high),
                                      bits_up_to(high) & ~(bits_one(low) - 1)};
            for (size_t i = 0; i < 2; i++) {
                assert_int_equal(bits_lowest(words[i]), __builtin_ctzll(words[i]));
                assert_int_equal(bits_highest(words[i]), 63 - __builtin_clzll(words[i]));
            }
        }
    }
}

static void masks(void **state) {
    (void)state;
    uint64_t all = 0;
    for (uint32_t position = 0; position < 64; position++) {
        const uint64_t one = bits_one(position);
        assert_int_equal(bits_lowest(one), position);
        assert_int_equal(bits_highest(one), position);
        all |= one;
        assert_true(bits_up_to(position) == all);
        assert_true(bits_one(position + 128) == one);
        assert_true(bits_up_to(position + 640) == all);
    }
    assert_true(all == UINT64_MAX);
}

static void words_that_hold_bits(void **state) {
    (void)state;
    uint32_t words = 0;
    for (uint32_t bits = 0; bits < 1000; bits++) {
        words += bits % 64 == 1;
        assert_int_equal(bits_words(bits), words);
    }
    assert_int_equal(bits_words(UINT32_MAX), 1u << 26);
    assert_int_equal(bits_words(UINT32_MAX - 63), (1u << 26) - 1);
}

static void powers_of_two(void **state) {
    (void)state;
    assert_false(arith_is_power_of_two(0));
    for (unsigned log = 0; log < 64; log++) {
        const size_t power = (size_t)1 << log;
        assert_true(arith_is_power_of_two(power));
        assert_int_equal(arith_is_power_of_two(power + 1), power == 1);
        assert_int_equal(arith_is_power_of_two(power - 1), power == 2);
    }
}

static void rounding_up(void **state) {
    (void)state;
    for (uint64_t unit = 1; unit <= 4096; unit *= 2) {
        for (uint64_t value = 0; value < 10000; value += 7) {
            assert_int_equal(arith_round_up(value, unit), (value + unit - 1) / unit * unit);
        }
    }
}

static void wrapping(void **state) {
    (void)state;
    assert_false(arith_wraps((const void *)(uintptr_t)1, 0));
    assert_false(arith_wraps((const void *)(uintptr_t)1, SIZE_MAX - 1));
    assert_true(arith_wraps((const void *)(uintptr_t)2, SIZE_MAX));
    assert_true(arith_wraps((const void *)UINTPTR_MAX, 2));
    assert_false(arith_wraps(NULL, SIZE_MAX));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lowest_and_highest),
        cmocka_unit_test(as_the_builtins_find_them),
        cmocka_unit_test(masks),
        cmocka_unit_test(words_that_hold_bits),
        cmocka_unit_test(powers_of_two),
        cmocka_unit_test(rounding_up),
        cmocka_unit_test(wrapping),
    };
    return cmocka_run_group_tests_name("bits", tests, NULL, NULL);
}

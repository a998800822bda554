/* SPDX-License-Identifier: MIT */
/* The archive's own memcpy, memmove and memset, compiled under other names. */
#include "fixture.h"

void *bytes_memcpy(void *restrict to, const void *restrict from, size_t size);
void *bytes_memmove(void *to, const void *from, size_t size);
void *bytes_memset(void *to, int value, size_t size);

enum { ROOM = 256, SIZES = 70, OFFSETS = 17 };

static unsigned char numbered(size_t i) {
    return (unsigned char)(i * 37 + 11);
}

static void number(unsigned char *bytes) {
    for (size_t i = 0; i < ROOM; i++) {
        bytes[i] = numbered(i);
    }
}

static void assert_moved(const unsigned char *bytes, size_t to, size_t from, size_t size) {
    for (size_t i = 0; i < ROOM; i++) {
        const bool inside = i >= to && i < to + size;
        assert_int_equal(bytes[i], numbered(inside ? i - to + from : i));
    }
}

static void moves_of_every_size_and_distance(void **state) {
    (void)state;
    unsigned char bytes[ROOM];
    for (size_t size = 0; size < SIZES; size++) {
        for (size_t to = 0; to < SIZES + OFFSETS; to++) {
            for (size_t from = 40; from < 40 + OFFSETS; from++) {
                number(bytes);
                assert_ptr_equal(bytes_memmove(bytes + to, bytes + from, size), bytes + to);
                assert_moved(bytes, to, from, size);
            }
        }
    }
}

static void copies_of_every_size_and_offset(void **state) {
    (void)state;
    unsigned char bytes[ROOM];
    for (size_t size = 0; size < SIZES; size++) {
        for (size_t to = 0; to < OFFSETS; to++) {
            for (size_t from = 0; from < OFFSETS; from++) {
                number(bytes);
                assert_ptr_equal(bytes_memcpy(bytes + to, bytes + 128 + from, size), bytes + to);
                assert_moved(bytes, to, 128 + from, size);
            }
        }
    }
}

static void sets_of_every_size_and_offset(void **state) {
    (void)state;
    static const int values[] = {0, 1, 0x80, 0xff, -1, 0x1a5};
    unsigned char bytes[ROOM];
    for (size_t size = 0; size < SIZES; size++) {
        for (size_t to = 0; to < OFFSETS; to++) {
            for (size_t value = 0; value < sizeof values / sizeof *values; value++) {
                number(bytes);
                assert_ptr_equal(bytes_memset(bytes + to, values[value], size), bytes + to);
                for (size_t i = 0; i < ROOM; i++) {
                    const bool inside = i >= to && i < to + size;
                    assert_int_equal(bytes[i], inside ? (unsigned char)values[value] : numbered(i));
                }
            }
        }
    }
}

static void large_moves(void **state) {
    (void)state;
    enum { LARGE = 1 << 20 };
    unsigned char *const bytes = malloc(LARGE + 4096);
    assert_non_null(bytes);
    pattern_fill(bytes, LARGE, 1);
    (void)bytes_memmove(bytes + 4091, bytes, LARGE);
    assert_true(pattern_holds(bytes + 4091, LARGE, 1));
    (void)bytes_memmove(bytes + 5, bytes + 4091, LARGE);
    assert_true(pattern_holds(bytes + 5, LARGE, 1));
    (void)bytes_memset(bytes, 0, LARGE);
    assert_true(all_zero(bytes, LARGE));
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_of_every_size_and_distance),
        cmocka_unit_test(copies_of_every_size_and_offset),
        cmocka_unit_test(sets_of_every_size_and_offset),
        cmocka_unit_test(large_moves),
    };
    return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}

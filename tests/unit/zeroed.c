/* SPDX-License-Identifier: MIT */
#include "fixture.h"

enum { UNIT = 16 };

static void dirty(const struct fixture *fixture, void *block) {
    memset(block, 0xa5, chunk_usable_size(&fixture->heap, block));
}

static void zero_after_use(void **state) {
    (void)state;
    for (size_t size = 0; size <= 40 * UNIT; size++) {
        struct fixture fixture;
        fixture_create(&fixture, 40, UNIT, fixture_flags);
        void *const used = chunk_alloc(&fixture.heap, (size_t)40 * UNIT);
        dirty(&fixture, used);
        chunk_free(&fixture.heap, used);
        void *const block = chunk_alloc_zeroed(&fixture.heap, size);
        assert_non_null(block);
        assert_true(all_zero(block, size));
        fixture_end(&fixture);
    }
}

/* Part of the block was used before, and the rest never. */
static void zero_across_the_frontier(void **state) {
    (void)state;
    for (size_t used = 1; used <= 12; used++) {
        for (size_t length = 1; length <= 20; length++) {
            struct fixture fixture;
            fixture_create(&fixture, 40, UNIT, fixture_flags);
            void *const low = fixture_block(&fixture, 2, 1);
            void *const tail = chunk_alloc(&fixture.heap, used * UNIT);
            dirty(&fixture, tail);
            chunk_free(&fixture.heap, tail);
            void *const block = chunk_alloc_zeroed(&fixture.heap, length * UNIT);
            assert_non_null(block);
            assert_true(all_zero(block, length * UNIT));
            fixture_assert_pattern(&fixture, low, 2, 1);
            fixture_end(&fixture);
        }
    }
}

/* With a free run of nearly the same length about, which a node in fresh memory would link to. */
static void fresh_memory_is_not_written(void **state) {
    (void)state;
    for (uint32_t length = 2; length < 600; length++) {
        struct fixture fixture;
        fixture_create(&fixture, 3 * length + 2, UNIT, fixture_flags);
        void *const gap = fixture_block(&fixture, length - 1, 0);
        (void)fixture_block(&fixture, 1, 0);
        chunk_free(&fixture.heap, gap);
        void *const block = chunk_alloc_zeroed(&fixture.heap, (size_t)length * UNIT);
        assert_non_null(block);
        assert_true(all_zero(block, (size_t)length * UNIT));
        fixture_end(&fixture);
    }
}

/* The chunks skipped for an alignment were never handed out either, but hold a node now. */
static void zero_where_a_gap_was_skipped(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 256, UNIT, fixture_flags);
    (void)fixture_block(&fixture, 1, 0);
    assert_non_null(chunk_alloc_aligned(&fixture.heap, 1024, UNIT));
    unsigned char *const block = chunk_alloc_zeroed(&fixture.heap, (size_t)63 * UNIT);
    assert_ptr_equal(block, fixture_chunk(&fixture, 1));
    assert_true(all_zero(block, (size_t)63 * UNIT));
    fixture_end(&fixture);
}

/* Memory that was never handed out is known to be zero: it is not even looked at. */
static void fresh_memory_is_not_cleared(void **state) {
    (void)state;
    if (fixture_flags == 0) {
        skip();
    }
    struct fixture fixture;
    fixture_create(&fixture, 4096, UNIT, fixture_flags);
    area_forbid(&fixture.memory);
    for (size_t length = 1; length < 1000; length *= 2) {
        assert_non_null(chunk_alloc_zeroed(&fixture.heap, length * UNIT));
    }
    fixture_end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_after_use),
        cmocka_unit_test(zero_across_the_frontier),
        cmocka_unit_test(fresh_memory_is_not_written),
        cmocka_unit_test(zero_where_a_gap_was_skipped),
        cmocka_unit_test(fresh_memory_is_not_cleared),
    };
    return cmocka_run_group_tests_name("zeroed, nodes inside", tests, fixture_inside, NULL) +
           cmocka_run_group_tests_name("zeroed, nodes outside", tests, fixture_outside, NULL);
}

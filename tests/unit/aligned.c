/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <sys/mman.h>

enum { UNIT = 16, CHUNKS = 256 };

/* Chunks that single-chunk blocks can still have: nothing may be lost. */
static size_t chunks_left(const struct fixture *fixture) {
    size_t count = 0;
    while (chunk_alloc(&fixture->heap, 1) != NULL) {
        count++;
    }
    return count;
}

/* A heap of 4096 bytes that begins at a multiple of 4096. */
static void create(struct fixture *fixture) {
    fixture_create(fixture, CHUNKS, UNIT, fixture_flags);
    assert_true(is_aligned(fixture->memory.bytes, (size_t)UNIT * CHUNKS));
}

static void every_alignment_up_to_the_heap_without_loss(void **state) {
    (void)state;
    for (size_t alignment = 1; alignment <= UNIT * CHUNKS; alignment *= 2) {
        for (uint32_t before = 0; before < 3; before++) {
            struct fixture fixture;
            create(&fixture);
            if (before > 0) {
                (void)fixture_block(&fixture, before, 0);
            }
            unsigned char *const block = chunk_alloc_aligned(&fixture.heap, alignment, 40);
            const bool possible = before == 0 || alignment < UNIT * CHUNKS;
            assert_int_equal(block != NULL, possible);
            if (possible) {
                assert_true(is_aligned(block, alignment));
                assert_int_equal(chunk_usable_size(&fixture.heap, block), 48);
            }
            assert_int_equal(chunks_left(&fixture), CHUNKS - before - (possible ? 3 : 0));
            fixture_end(&fixture);
        }
    }
}

static void alignment_is_of_the_address_not_of_the_offset(void **state) {
    (void)state;
    for (uint32_t chunks = 17; chunks < 33; chunks++) {
        struct fixture fixture;
        fixture_create(&fixture, chunks, UNIT, fixture_flags);
        for (size_t alignment = UNIT; alignment <= 128; alignment *= 2) {
            void *const block = chunk_alloc_aligned(&fixture.heap, alignment, 1);
            assert_non_null(block);
            assert_true(is_aligned(block, alignment));
            chunk_free(&fixture.heap, block);
        }
        fixture_end(&fixture);
    }
}

static void space_skipped_stays_free(void **state) {
    (void)state;
    struct fixture fixture;
    create(&fixture);
    (void)fixture_block(&fixture, 1, 0);
    unsigned char *const high = chunk_alloc_aligned(&fixture.heap, 1024, 1);
    assert_ptr_equal(high, fixture_chunk(&fixture, 64));
    assert_int_equal(fixture_stats(&fixture).used, 2);
    assert_int_equal(fixture_stats(&fixture).free_runs, 1);
    unsigned char *const gap = chunk_alloc(&fixture.heap, (size_t)63 * UNIT);
    assert_ptr_equal(gap, fixture_chunk(&fixture, 1));
    fixture_end(&fixture);
}

static void a_run_that_fits_exactly_is_taken(void **state) {
    (void)state;
    struct fixture fixture;
    create(&fixture);
    (void)fixture_block(&fixture, 64, 0);
    unsigned char *const gap = fixture_block(&fixture, 64, 0);
    (void)fixture_block(&fixture, 128, 0);
    chunk_free(&fixture.heap, gap);
    assert_ptr_equal(chunk_alloc_aligned(&fixture.heap, 1024, (size_t)64 * UNIT), gap);
    fixture_end(&fixture);
}

/* The search must cope with a run that is long enough for any place, yet not by a 32nd more. */
static void a_run_longer_by_the_alignment_is_found(void **state) {
    (void)state;
    for (uint32_t length = 1; length < 300; length += 7) {
        for (uint32_t alignment = 2; alignment <= 256; alignment *= 2) {
            struct fixture fixture;
            fixture_create(&fixture, length + alignment + 3, UNIT, fixture_flags);
            (void)fixture_block(&fixture, 1, 0);
            void *const gap = fixture_block(&fixture, length + alignment, 0);
            (void)fixture_block(&fixture, 2, 0);
            chunk_free(&fixture.heap, gap);
            assert_non_null(chunk_alloc_aligned(&fixture.heap, (size_t)alignment * UNIT,
                                                (size_t)length * UNIT));
            fixture_end(&fixture);
        }
    }
}

/* The run of the best length does not suit; one that is long enough for any place does. */
static void a_longer_run_is_taken_where_the_first_does_not_suit(void **state) {
    (void)state;
    for (uint32_t align = 2; align <= 32; align *= 2) {
        struct fixture fixture;
        create(&fixture);
        (void)fixture_block(&fixture, 1, 0);
        void *const misfit = fixture_block(&fixture, 10, 0);
        (void)fixture_block(&fixture, 1, 0);
        void *const fitting = fixture_block(&fixture, 10 + align, 0);
        (void)fixture_block(&fixture, CHUNKS - 22 - align, 0);
        chunk_free(&fixture.heap, fitting);
        chunk_free(&fixture.heap, misfit);
        assert_non_null(chunk_alloc_aligned(&fixture.heap, (size_t)align * UNIT, 10 * UNIT));
        fixture_end(&fixture);
    }
}

static void what_is_no_alignment_is_refused(void **state) {
    (void)state;
    static const size_t wrong[] = {0, 3, 17, 24, 48, 1000, SIZE_MAX, SIZE_MAX / 2};
    struct fixture fixture;
    create(&fixture);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_null(chunk_alloc_aligned(&fixture.heap, wrong[i], 16));
    }
    assert_int_equal(fixture_stats(&fixture).used, 0);
    assert_int_equal(chunks_left(&fixture), CHUNKS);
    fixture_end(&fixture);
}

/* At an address of which the lower half is zero, so that it counts in the upper half. */
static void alignments_beyond_the_heap_are_refused(void **state) {
    (void)state;
    enum { ADDRESS_LOG = 45 };
    struct fixture fixture;
    fixture_create(&fixture, CHUNKS, UNIT, fixture_flags);
    unsigned char *const wanted = (unsigned char *)((uintptr_t)1 << ADDRESS_LOG);
    void *const memory = mmap(wanted, fixture.memory.size, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (memory == MAP_FAILED) {
        fixture_end(&fixture);
        skip(); /* the address space is smaller, or that part of it is taken */
    }
    assert_ptr_equal(memory, wanted);
    fixture.heap.memory = memory;
    size_t refused = 0;
    for (unsigned log = 13; log < 64; log++) {
        void *const block = chunk_alloc_aligned(&fixture.heap, (size_t)1 << log, UNIT);
        assert_true(block == NULL || (block == memory && log <= ADDRESS_LOG));
        chunk_free(&fixture.heap, block);
        refused += block == NULL;
    }
    assert_true(refused >= 63 - ADDRESS_LOG);
    assert_int_equal(fixture_stats(&fixture).failures, refused);
    assert_int_equal(munmap(memory, fixture.memory.size), 0);
    fixture.heap.memory = fixture.memory.bytes;
    fixture_end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_alignment_up_to_the_heap_without_loss),
        cmocka_unit_test(alignment_is_of_the_address_not_of_the_offset),
        cmocka_unit_test(space_skipped_stays_free),
        cmocka_unit_test(a_run_that_fits_exactly_is_taken),
        cmocka_unit_test(a_run_longer_by_the_alignment_is_found),
        cmocka_unit_test(a_longer_run_is_taken_where_the_first_does_not_suit),
        cmocka_unit_test(what_is_no_alignment_is_refused),
        cmocka_unit_test(alignments_beyond_the_heap_are_refused),
    };
    return cmocka_run_group_tests_name("aligned, nodes inside", tests, fixture_inside, NULL) +
           cmocka_run_group_tests_name("aligned, nodes outside", tests, fixture_outside, NULL);
}

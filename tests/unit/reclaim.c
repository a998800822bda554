/* SPDX-License-Identifier: MIT */
/* When memory is given back, what is reported of it, and that the whole is sound. */
#include "fixture.h"

#include "debt.h"
#include "host/large.h"
#include "host/reclaim.h"
#include "host/stats.h"
#include "host/thread.h"

enum { CLASS = 17, MANY = 20000, LARGE = 1 << 20 };

static void *blocks[MANY];

static void *take(void) {
    void *const block = cm_thread_pop(CLASS);
    return block != NULL ? block : cm_thread_take(CLASS);
}

static void give(void *block) {
    if (!cm_thread_push(CLASS, block)) {
        cm_thread_give(CLASS, block);
        cm_reclaim_if_due();
    }
}

static struct chunkmalloc_stats stats_now(void) {
    struct chunkmalloc_stats stats;
    cm_stats_collect(&stats);
    assert_null(cm_check());
    assert_int_equal(stats.heap, stats.in_slabs + stats.in_large + stats.internal +
                                     stats.free_dirty + stats.free_clean);
    return stats;
}

static void fill(void) {
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = take();
        assert_non_null(blocks[i]);
    }
}

static void use_that_falls_is_given_back_as_it_falls(void **state) {
    (void)state;
    fill();
    const size_t bytes = MANY * cm_class_size(CLASS);
    const struct chunkmalloc_stats full = stats_now();
    assert_int_equal(full.small_live, bytes);
    assert_int_equal(full.purged, 0);
    for (size_t i = 0; i < MANY; i++) {
        give(blocks[i * 7919 % MANY]);
    }
    const struct chunkmalloc_stats after = stats_now();
    assert_int_equal(after.small_live, 0);
    assert_true(cm_footprint_excess() * CM_CHUNK_SIZE <= 3 * LARGE);
    (void)cm_reclaim(0);
    assert_int_equal(stats_now().free_dirty, 0);
}

/* Of a debt of some MiB, which was made by giving back again and again. */
static void work_pays_the_debt_and_rest_does_little(void **state) {
    (void)state;
    uint64_t debt;
    while ((debt = cm_footprint_debt()) < 8 * LARGE / CM_CHUNK_SIZE) {
        void *const block = cm_large_alloc(4 * LARGE, 1, CM_LARGE_PLAIN);
        assert_non_null(block);
        assert_true(cm_runs_free_large(cm_run_at(cm_region_of(block), block)));
        (void)cm_reclaim(0);
    }
    const uint64_t start = cm_sys_microseconds();
    const uint64_t work = cm_sys_microseconds_of_work();
    (void)usleep(200000);
    const uint64_t rested = debt - cm_footprint_debt();
    const uint64_t time = cm_sys_microseconds() - start;
    const uint64_t worked = cm_sys_microseconds_of_work() - work;
    /* 128 microseconds each. */
    assert_in_range(rested, 200000 / 128 / 16 - 2, (time / 16 + worked + 2048) / 128);
    work_for(100000);
    assert_true(debt - rested - cm_footprint_debt() >= 95000 / 128);
}

/* 24 blocks of 1 MiB, one freed and taken again at a time: nothing has shrunk. */
static void use_that_stays_keeps_its_memory(void **state) {
    (void)state;
    enum { HELD = 24 };
    void *held[HELD];
    wait_until_debt_is_paid();
    for (size_t i = 0; i < HELD; i++) {
        held[i] = cm_large_alloc(LARGE, 1, CM_LARGE_PLAIN);
        assert_non_null(held[i]);
    }
    const uint64_t purged = stats_now().purged;
    for (size_t i = 0; i < 1000; i++) {
        void **const at = &held[i % HELD];
        assert_true(cm_runs_free_large(cm_run_at(cm_region_of(*at), *at)));
        cm_reclaim_if_due();
        *at = cm_large_alloc(LARGE, 1, CM_LARGE_PLAIN);
    }
    assert_int_equal(stats_now().purged, purged);
    assert_int_equal(stats_now().large_blocks, HELD);
    wait_until_debt_is_paid();
    for (size_t i = 0; i < HELD; i++) {
        assert_true(cm_runs_free_large(cm_run_at(cm_region_of(held[i]), held[i])));
        cm_reclaim_if_due();
    }
    assert_true(stats_now().free_dirty <= 2 * LARGE);
    assert_true(stats_now().purged > purged);
}

/* Fills and frees in turn, as fast as it can: in time, most rounds do without giving back. */
static void what_is_missed_again_and_again_stays(void **state) {
    (void)state;
    enum { ROUNDS = 100, SIZE = 8 * LARGE };
    const uint64_t purged = stats_now().purged;
    wait_until_debt_is_paid();
    const uint64_t start = cm_sys_microseconds();
    for (size_t i = 0; i < ROUNDS; i++) {
        void *const block = cm_large_alloc(SIZE, 1, CM_LARGE_PLAIN);
        assert_non_null(block);
        assert_true(cm_runs_free_large(cm_run_at(cm_region_of(block), block)));
        cm_reclaim_if_due();
    }
    const uint64_t given = (stats_now().purged - purged) / CM_CHUNK_SIZE;
    const uint64_t milliseconds = (cm_sys_microseconds() - start) / 1000;
    /* What costs nothing at first, what time has paid for (8 a millisecond), and one round more. */
    assert_true(given <= 2048 + 8 * (milliseconds + 1) + 2 * SIZE / CM_CHUNK_SIZE);
    assert_true(given >= SIZE / CM_CHUNK_SIZE / 2);
    wait_until_debt_is_paid();
    void *const block = cm_large_alloc(SIZE, 1, CM_LARGE_PLAIN);
    assert_true(cm_runs_free_large(cm_run_at(cm_region_of(block), block)));
    wait_until_debt_is_paid();
    for (size_t i = 0; i < 70; i++) {
        cm_reclaim_if_due();
    }
    assert_true(stats_now().free_dirty <= 2 * LARGE);
}

static void what_must_stay_stays(void **state) {
    (void)state;
    cm_footprint_keep(64 * LARGE / CM_CHUNK_SIZE);
    const uint64_t purged = stats_now().purged;
    fill();
    for (size_t i = 0; i < MANY; i++) {
        give(blocks[i]);
    }
    assert_int_equal(stats_now().purged, purged);
    assert_true(cm_reclaim(0) > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(use_that_falls_is_given_back_as_it_falls),
        cmocka_unit_test(work_pays_the_debt_and_rest_does_little),
        cmocka_unit_test(use_that_stays_keeps_its_memory),
        cmocka_unit_test(what_is_missed_again_and_again_stays),
        cmocka_unit_test(what_must_stay_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

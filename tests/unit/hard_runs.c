/* SPDX-License-Identifier: MIT */
/* The hardened mode: runs between guards, what of them is kept, blocks of no bytes. */
#include "hard_blocks.h"

#include "debt.h"
#include "host/hard_cache.h"
#include "host/hard_runs.h"
#include "host/reclaim.h"
#include "host/stats.h"

enum { MANY = 40000 };

static void *blocks[MANY];

/* ---- runs ---- */

static uint64_t chunks_kept(uint64_t runs_before, uint64_t chunks_before) {
    const uint64_t more = cm_runs_condemned - runs_before;
    return cm_runs_condemned_chunks - chunks_before - 2 * more;
}

/* So many of that many chunks, all live at once, then freed. Returns how many were kept. */
static uint64_t keep_of(unsigned count, size_t chunks) {
    (void)cm_reclaim(0);
    const uint64_t runs_before = cm_runs_condemned;
    const uint64_t chunks_before = cm_runs_condemned_chunks;
    for (unsigned i = 0; i < count; i++) {
        blocks[i] = hard_get(chunks << CM_CHUNK_SHIFT);
    }
    wait_until_debt_is_paid();
    const uint64_t keep = cm_footprint.keep;
    cm_footprint_keep(UINT32_MAX);
    for (unsigned i = 0; i < count; i++) {
        hard_give(blocks[i]);
    }
    cm_footprint_keep(keep);
    assert_null(cm_check());
    const uint64_t kept = chunks_kept(runs_before, chunks_before);
    (void)cm_reclaim(0);
    assert_int_equal(cm_runs_condemned, runs_before);
    assert_int_equal(cm_runs_condemned_chunks, chunks_before);
    return kept;
}

static uint64_t most_resident(void) {
    enum { LEAST = 1024 };
    const uint64_t part = cm_section.heap.state->opened / 4;
    return part > LEAST ? part : LEAST;
}

static void what_stays_resident_is_little(void **state) {
    (void)state;
    assert_int_equal(keep_of(1, 200), 200);
    for (size_t chunks = 10; chunks <= 200; chunks += 95) {
        const uint64_t kept = keep_of(30, chunks);
        assert_true(kept <= most_resident() && kept > 0);
    }
    /* It goes round: what is old makes room for what is new. */
    assert_true(keep_of(30, 200) > most_resident() - 2 * 200);
}

static void write_and_release(void *block) {
    ((volatile unsigned char *)block)[SIZE] = 1;
    (void)cm_reclaim(0);
}

/* What is given back would have to be made anew each time. */
static void long_blocks_taken_and_freed_in_turn_stay_resident(void **state) {
    (void)state;
    (void)cm_reclaim(0);
    unsigned char *block = NULL;
    for (unsigned turn = 0; turn < 10; turn++) {
        block = hard_get(1500 << CM_CHUNK_SHIFT);
        memset(block, 1, 1500 << CM_CHUNK_SHIFT);
        hard_give(block);
    }
    for (size_t i = 0; i < 1500 << CM_CHUNK_SHIFT; i += CM_CHUNK_SIZE) {
        assert_int_equal(((volatile unsigned char *)block)[i], 0);
    }
    assert_dies(write_and_release, block, "write after free to");
    (void)cm_reclaim(0);
}

static void what_was_given_back_is_kept_where_there_is_no_limit(void **state) {
    (void)state;
    enum { MOST = 4096 };
    assert_int_equal(keep_of(1, 2500), 2500);
    const uint64_t kept = keep_of(3, 2500);
    assert_true(kept <= MOST && kept >= 2500);
    assert_int_equal(keep_of(1, MOST + 1), 0);
    cm_region_limit = 100000;
    assert_int_equal(keep_of(1, 2500), 0);
    assert_int_equal(keep_of(1, 200), 200);
    cm_region_limit = UINT64_MAX;
}

static void only_what_is_alike_makes_room(void **state) {
    (void)state;
    enum { LARGE = 50, LONG = 2 };
    (void)cm_reclaim(0);
    for (unsigned i = 0; i < LARGE + LONG; i++) {
        blocks[i] = hard_get((size_t)(i < LARGE ? 10 : 2500) << CM_CHUNK_SHIFT);
    }
    wait_until_debt_is_paid();
    const uint64_t keep = cm_footprint.keep;
    cm_footprint_keep(UINT32_MAX);
    const uint64_t before = cm_runs_condemned;
    for (unsigned i = 0; i < LARGE + LONG; i++) {
        hard_give(blocks[i]);
    }
    cm_footprint_keep(keep);
    assert_int_equal(cm_runs_condemned, before + LARGE + 1);
    (void)cm_reclaim(0);
}

static void write_and_reuse_run(void *block) {
    ((volatile unsigned char *)block)[SIZE] = 1;
    for (unsigned i = 0; i < 2000; i++) {
        hard_give(hard_get(100000));
    }
}

static void kept_runs_are_looked_at_whatever_becomes_of_them(void **state) {
    (void)state;
    void *const block = hard_get(100000);
    hard_give(block);
    assert_dies(write_and_reuse_run, block, "write after free to");
    assert_dies(write_and_release, block, "write after free to");
}

/* Written to, and then displaced by many of another size, which cannot use it again. */
static void write_and_displace(void *block) {
    enum { LARGE = 600 };
    ((volatile unsigned char *)block)[SIZE] = 1;
    for (unsigned turn = 0; turn < 20; turn++) {
        for (unsigned i = 0; i < LARGE; i++) {
            blocks[i] = hard_get(48000);
        }
        for (unsigned i = 0; i < LARGE; i++) {
            hard_give(blocks[i]);
        }
    }
}

static void displaced_runs_are_looked_at(void **state) {
    (void)state;
    void *const block = hard_get(40000);
    hard_give(block);
    assert_dies(write_and_displace, block, "write after free to");
}

static void runs_lie_between_guards(void **state) {
    (void)state;
    unsigned char *const block = hard_get(100000);
    const size_t chunks = (100000 + CM_CHUNK_SIZE - 1) / CM_CHUNK_SIZE;
    assert_untouchable(block - 1);
    assert_untouchable(block + chunks * CM_CHUNK_SIZE);
    hard_give(block);
    unsigned char *const longer = hard_get(2500 * CM_CHUNK_SIZE);
    wait_until_debt_is_paid();
    hard_give(longer);
    assert_untouchable(longer);
}

static void guards_move_with_the_end(void **state) {
    (void)state;
    enum { SHORT = 20, LONGER = 30 };
    (void)cm_reclaim(0);
    unsigned char *const block = hard_get(SHORT * CM_CHUNK_SIZE);
    hard_give(hard_get(SHORT * CM_CHUNK_SIZE));
    (void)cm_reclaim(0);
    unsigned char *const after = block + SHORT * CM_CHUNK_SIZE;
    assert_true(cm_hard_resize(hard_place(block), block, LONGER * CM_CHUNK_SIZE));
    memset(block, 1, LONGER * CM_CHUNK_SIZE);
    assert_untouchable(block + LONGER * CM_CHUNK_SIZE);
    assert_true(cm_hard_resize(hard_place(block), block, SHORT * CM_CHUNK_SIZE));
    assert_untouchable(after);
    unsigned char *const next = hard_get((LONGER - SHORT) * CM_CHUNK_SIZE);
    assert_ptr_equal(next, after + 2 * CM_CHUNK_SIZE);
    assert_int_equal(next[0], 0);
    assert_false(cm_hard_resize(hard_place(block), block, LONGER * CM_CHUNK_SIZE));
    assert_untouchable(after);
    hard_give(block);
    hard_give(next);
    assert_null(cm_check());
}

/* As if by a filter of system calls: for this, ../process/pages.c is preloaded. */
static void markers_may_be_refused_later(void **state) {
    (void)state;
    if (getenv("TEST_FILTER") == NULL) {
        skip();
    }
    (void)cm_reclaim(0);
    const uint64_t before = cm_runs_condemned;
    unsigned char *const marked = hard_get(25 * CM_CHUNK_SIZE);
    void *const behind = hard_get(25 * CM_CHUNK_SIZE);
    const uint64_t lost = cm_sys_has_markers(marked) ? 2 : 0;
    unsigned char *const freed = hard_get(5000 * CM_GRANULE);
    hard_give(behind);
    (void)cm_reclaim(0);
    hard_give(freed);
    assert_int_equal(setenv("TEST_OLD_SYSTEM", "1", 1), 0);
    unsigned char *const protected = hard_get(200000);
    assert_untouchable(protected - 1);
    hard_give(protected);
    (void)cm_reclaim(0);
    assert_int_equal(hard_place(protected).kind, CM_KIND_NONE);
    assert_untouchable(marked - 1);
    assert_true(lost == 0 || !cm_hard_resize(hard_place(marked), marked, 30 * CM_CHUNK_SIZE));
    assert_true(lost == 0 || hard_is_live(marked));
    hard_give(marked);
    (void)cm_reclaim(0);
    assert_null(cm_check());
    assert_int_equal(cm_runs_condemned, before + lost);
    assert_int_equal(unsetenv("TEST_OLD_SYSTEM"), 0);
    assert_non_null(hard_get(200000));
}

static void the_sample_ends_with_its_chunk(void **state) {
    (void)state;
    assert_null(cm_hard_tight_alloc(0, 1, NULL));
    assert_null(cm_hard_tight_alloc(CM_CHUNK_SIZE + 1, 1, NULL));
    assert_null(cm_hard_tight_alloc(16, 32, NULL));
    for (size_t size = 1; size <= CM_CHUNK_SIZE; size += size / 3 + 1) {
        unsigned char *const block = cm_hard_tight_alloc(size, CM_GRANULE, NULL);
        assert_non_null(block);
        unsigned char *const end = block + (size + CM_GRANULE - 1) / CM_GRANULE * CM_GRANULE;
        assert_true(is_aligned(end, CM_CHUNK_SIZE) && is_aligned(block, CM_GRANULE));
        assert_int_equal(hard_place(block).kind, CM_KIND_HARD_TIGHT);
        assert_true(hard_is_live(block));
        assert_int_equal(cm_hard_size(hard_place(block), block), size);
        assert_untouchable(end);
        if (end != block + size) {
            block[size] ^= 1;
            assert_dies(free_it, block, "overrun of");
            block[size] ^= 1;
        }
        hard_give(block);
        assert_false(hard_try_free(block));
        assert_untouchable(block);
    }
}

/* ---- giving memory back ---- */

static void frees_do_not_end_the_quarantine(void **state) {
    (void)state;
    (void)cm_reclaim(0);
    void *const large = hard_get(100000);
    hard_give(large);
    hard_give(hard_get(SIZE));
    const uint16_t held = cm_thread_self.hard->pools[CLASS].count;
    const uint64_t purged = cm_runs_purged;
    for (unsigned i = 0; i < MANY; i++) {
        blocks[i] = hard_get(400);
    }
    wait_until_debt_is_paid();
    for (unsigned i = 0; i < MANY; i++) {
        hard_give(blocks[i]);
    }
    assert_true(cm_runs_purged > purged);
    assert_true(held > 0);
    assert_int_equal(cm_thread_self.hard->pools[CLASS].count, held);
    assert_int_equal(hard_place(large).kind, CM_KIND_HARD_FREED);
    (void)cm_reclaim(0);
    assert_null(cm_thread_self.hard);
    assert_int_equal(hard_place(large).kind, CM_KIND_NONE);
}

/* ---- blocks of no bytes ---- */

static void blocks_of_no_bytes_cannot_be_touched(void **state) {
    (void)state;
    unsigned char *const one = hard_get(0);
    unsigned char *const other = hard_get(0);
    assert_ptr_not_equal(one, other);
    assert_true(is_aligned(one, CM_GRANULE));
    assert_true(cm_hard_is_zero(one));
    assert_false(cm_hard_is_zero(hard_get(1)));
    assert_int_equal(cm_hard_size(hard_place(one), one), 0);
    assert_untouchable(one);
    assert_untouchable(one - 1);
    hard_give(one);
    assert_dies(free_it, one, "double free of");
    hard_give(other);
}

/* When the numbers are used up, they are small blocks, of which some are of the sample. */
static void there_are_always_more_of_them(void **state) {
    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        blocks[i] = cm_hard_alloc(0, 1, NULL);
    }
    assert_false(cm_hard_is_zero(blocks[MANY - 1]));
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(cm_hard_size(hard_place(blocks[i]), blocks[i]), 0);
        hard_give(blocks[i]);
    }
    assert_null(cm_check());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stays_resident_is_little),
        cmocka_unit_test(long_blocks_taken_and_freed_in_turn_stay_resident),
        cmocka_unit_test(what_was_given_back_is_kept_where_there_is_no_limit),
        cmocka_unit_test(only_what_is_alike_makes_room),
        cmocka_unit_test(kept_runs_are_looked_at_whatever_becomes_of_them),
        cmocka_unit_test(displaced_runs_are_looked_at),
        cmocka_unit_test(runs_lie_between_guards),
        cmocka_unit_test(guards_move_with_the_end),
        cmocka_unit_test(markers_may_be_refused_later),
        cmocka_unit_test(the_sample_ends_with_its_chunk),
        cmocka_unit_test(frees_do_not_end_the_quarantine),
        cmocka_unit_test(blocks_of_no_bytes_cannot_be_touched),
        cmocka_unit_test(there_are_always_more_of_them),
    };
    return cmocka_run_group_tests_name("hard_runs", tests, hard_start, NULL);
}

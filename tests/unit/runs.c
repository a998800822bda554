/* SPDX-License-Identifier: MIT */
/* Runs of the hosted heap: kind map, fresh memory, and what is given back to the system. */
#include "fixture.h"

#include "host/footprint.h"
#include "host/runs.h"
#include "host/sys.h"

#include <core/run.h>
#include <sys/mman.h>

enum { PAGES_MAX = 64 };

static struct cm_run take(uint32_t length, uint32_t align, bool large, struct cm_run_news *news) {
    const struct cm_run_request request = {
        .length = length, .align = align, .kind = large ? CM_KIND_LARGE : CM_KIND_NONE};
    struct cm_run_news ignored;
    return cm_runs_alloc(&request, news != NULL ? news : &ignored);
}

static struct cm_run take_large(uint32_t length) {
    const struct cm_run run = take(length, 1, true, NULL);
    assert_non_null(run.region);
    assert_int_equal(cm_runs_length(run), length);
    return run;
}

static unsigned char *bytes(struct cm_run run) {
    return cm_chunk_address(run.region, run.chunk);
}

/* Of the first PAGES_MAX chunks, however large a page is. */
static size_t resident_pages(struct cm_run run) {
    unsigned char pages[PAGES_MAX];
    size_t count = 0;
    assert_int_equal(mincore(bytes(run), PAGES_MAX * CM_CHUNK_SIZE, pages), 0);
    for (size_t i = 0; i < PAGES_MAX * CM_CHUNK_SIZE / cm_sys_page_size(); i++) {
        count += pages[i] & 1;
    }
    return count * (cm_sys_page_size() / CM_CHUNK_SIZE);
}

static void free_large(struct cm_run run) {
    assert_true(cm_runs_free_large(run));
}

static uint64_t dirty(void) {
    return cm_counted(&cm_footprint.dirty);
}

/* Of large blocks none is left, and the counters know it. */
static void assert_sound(void) {
    assert_int_equal(cm_counted(&cm_footprint.large), 0);
    assert_int_equal(cm_counted(&cm_footprint.used),
                     cm_section.heap.state->used +
                         (cm_second_size != 0 ? cm_second.heap.state->used : 0));
    assert_null(chunk_heap_check(&cm_section.heap, CHUNK_CHECK_EXHAUSTIVE));
}

static void a_large_run_is_marked_at_its_first_chunk(void **state) {
    (void)state;
    const struct cm_run run = take_large(5);
    assert_int_equal(run.region->kinds[run.chunk], CM_KIND_LARGE);
    for (uint32_t i = 1; i < 5; i++) {
        assert_int_equal(run.region->kinds[run.chunk + i], CM_KIND_NONE);
    }
    assert_true(cm_runs_free_large(run));
    assert_int_equal(run.region->kinds[run.chunk], CM_KIND_NONE);
    assert_false(cm_runs_free_large(run));
    assert_sound();
}

static void other_runs_are_not_marked(void **state) {
    (void)state;
    struct cm_run_news news;
    const struct cm_run run = take(CM_SLAB_CHUNKS, CM_SLAB_CHUNKS, false, &news);
    assert_non_null(run.region);
    assert_true(is_aligned(bytes(run), CM_SLAB_SIZE));
    for (uint32_t i = 0; i < CM_SLAB_CHUNKS; i++) {
        assert_int_equal(run.region->kinds[run.chunk + i], CM_KIND_NONE);
    }
    assert_false(cm_runs_free_large(run));
    cm_runs_free_slab(run, 0);
    assert_sound();
}

/* Chunks of a slab that were given back before it was freed are free, but not resident. */
static void a_hollow_slab_is_less_dirty(void **state) {
    (void)state;
    (void)cm_runs_purge(0);
    const struct cm_run run = take(CM_SLAB_CHUNKS, CM_SLAB_CHUNKS, false, NULL);
    assert_non_null(run.region);
    cm_runs_free_slab(run, 0x80ff);
    assert_int_equal(dirty(), CM_SLAB_CHUNKS - 9);
    assert_int_equal(cm_runs_purge(0), (CM_SLAB_CHUNKS - 9) * CM_CHUNK_SIZE);
    assert_sound();
}

static void alignment_is_of_addresses(void **state) {
    (void)state;
    for (uint32_t align = 1; align <= 1024; align *= 2) {
        const struct cm_run low = take_large(1);
        const struct cm_run run = take(3, align, true, NULL);
        assert_non_null(run.region);
        assert_true(is_aligned(bytes(run), align * CM_CHUNK_SIZE));
        free_large(run);
        free_large(low);
    }
    assert_sound();
}

static void only_what_was_never_used_is_fresh(void **state) {
    (void)state;
    struct cm_run_news news;
    const uint32_t touched = cm_section.heap.state->touched;
    const struct cm_run gap = take(touched + 1, 1, true, &news);
    const uint32_t end = gap.chunk + touched + 1;
    assert_int_equal(news.fresh, end - touched);
    assert_true(
        all_zero(cm_chunk_address(gap.region, end - news.fresh), news.fresh * CM_CHUNK_SIZE));
    memset(bytes(gap), 1, (touched + 1) * CM_CHUNK_SIZE);
    free_large(gap);
    const struct cm_run again = take(touched + 1, 1, true, &news);
    assert_int_equal(again.chunk, gap.chunk);
    assert_int_equal(news.fresh, 0);
    assert_int_equal(news.absent, 0);
    const struct cm_run fresh = take(4, 1, true, &news);
    assert_int_equal(news.fresh, 4);
    assert_int_equal(news.absent, 0xf);
    free_large(fresh);
    free_large(again);
    assert_sound();
}

static void what_was_purged_is_absent_but_not_fresh(void **state) {
    (void)state;
    struct cm_run_news news;
    (void)cm_runs_purge(0);
    const struct cm_run run = take_large(10);
    free_large(run);
    assert_int_equal(cm_runs_purge(0), 10 * CM_CHUNK_SIZE);
    const struct cm_run again = take(10, 1, true, &news);
    assert_int_equal(again.chunk, run.chunk);
    assert_int_equal(news.fresh, 0);
    assert_int_equal(news.absent, 0x3ff);
    free_large(again);
    assert_sound();
}

/* Wherever the run lies in the words of the map. */
static void it_is_told_which_chunks_are_absent(void **state) {
    (void)state;
    enum { USED = 20, LENGTH = 100 };
    for (uint32_t before = 1; before <= 65; before++) {
        struct cm_run_news news;
        const struct cm_run filler = take_large(before);
        const struct cm_run all = take_large(LENGTH);
        free_large(all);
        (void)cm_runs_purge(0);
        const struct cm_run used = take_large(USED);
        assert_int_equal(used.chunk, all.chunk);
        free_large(used);
        const struct cm_run again = take(LENGTH, 1, true, &news);
        assert_int_equal(again.chunk, all.chunk);
        assert_true(news.absent == UINT64_MAX << USED);
        free_large(again);
        free_large(filler);
    }
    assert_sound();
}

/* Of the bookkeeping's memory too, what belongs to chunks that are free is given back. */
static void bookkeeping_of_purged_runs_is_absent(void **state) {
    (void)state;
    enum { LENGTH = 4096 };
    const size_t page = cm_sys_page_size();
    const struct cm_run run = take_large(LENGTH);
    struct chunk_node *const nodes = chunk_index_node(&run.region->heap, 0);
    memset(&nodes[run.chunk + 1], 1, (LENGTH - 1) * sizeof *nodes);
    const uintptr_t middle = (uintptr_t)&nodes[run.chunk + LENGTH / 2] & ~(page - 1);
    free_large(run);
    assert_true(cm_runs_purge(0) >= LENGTH * CM_CHUNK_SIZE);
    unsigned char resident = 1;
    assert_int_equal(mincore((void *)middle, page, &resident), 0);
    assert_int_equal(resident & 1, 0);
    const struct cm_run again = take_large(LENGTH);
    free_large(again);
    assert_sound();
}

static void a_block_that_will_grow_has_room_to(void **state) {
    (void)state;
    const struct cm_run_request request = {
        .length = 20, .align = 1, .will_grow = true, .kind = CM_KIND_LARGE};
    struct cm_run_news news;
    const struct cm_run low = take_large(20);
    const struct cm_run between = take_large(1);
    free_large(low); /* a hole that it fits into exactly */
    const struct cm_run run = cm_runs_alloc(&request, &news);
    assert_non_null(run.region);
    assert_true(cm_runs_resize(run, 40));
    free_large(run);
    free_large(between);
    assert_sound();
}

static void free_chunks_that_were_used_are_counted(void **state) {
    (void)state;
    (void)cm_runs_purge(0);
    assert_int_equal(dirty(), 0);
    const struct cm_run first = take_large(10);
    const struct cm_run second = take_large(20);
    assert_int_equal(dirty(), 0);
    free_large(first);
    assert_int_equal(dirty(), 10);
    assert_true(cm_runs_resize(second, 5));
    assert_int_equal(dirty(), 25);
    assert_true(cm_runs_resize(second, 12));
    assert_int_equal(dirty(), 18);
    const struct cm_run third = take_large(10);
    assert_int_equal(dirty(), 8);
    free_large(third);
    free_large(second);
    assert_int_equal(dirty(), 30);
    assert_sound();
}

static void purging_gives_back_and_leaves_zeros(void **state) {
    (void)state;
    (void)cm_runs_purge(0);
    const uint64_t before = cm_runs_purged;
    const struct cm_run low = take_large(1);
    const struct cm_run run = take_large(PAGES_MAX);
    const struct cm_run high = take_large(1);
    memset(bytes(low), 5, CM_CHUNK_SIZE);
    memset(bytes(run), 6, PAGES_MAX * CM_CHUNK_SIZE);
    memset(bytes(high), 7, CM_CHUNK_SIZE);
    free_large(run);
    assert_int_equal(cm_runs_purge(PAGES_MAX), 0);
    assert_int_equal(dirty(), PAGES_MAX);
    assert_int_equal(resident_pages(run), PAGES_MAX);
    const size_t purged = cm_runs_purge(0);
    assert_int_equal(purged, PAGES_MAX * CM_CHUNK_SIZE);
    assert_int_equal(cm_runs_purged, before + purged);
    assert_int_equal(dirty(), 0);
    assert_int_equal(resident_pages(run), 0);
    assert_int_equal(cm_runs_purge(0), 0);
    const struct cm_run again = take_large(PAGES_MAX);
    assert_int_equal(again.chunk, run.chunk);
    assert_true(all_zero(bytes(again), PAGES_MAX * CM_CHUNK_SIZE));
    assert_int_equal(bytes(low)[CM_CHUNK_SIZE - 1], 5);
    assert_int_equal(bytes(high)[0], 7);
    free_large(low);
    free_large(again);
    free_large(high);
    assert_sound();
}

static void purging_stops_at_what_may_be_kept(void **state) {
    (void)state;
    struct cm_run runs[20];
    (void)cm_runs_purge(0);
    for (size_t i = 0; i < 20; i++) {
        runs[i] = take_large(3);
    }
    for (size_t i = 0; i < 20; i += 2) {
        free_large(runs[i]);
    }
    assert_int_equal(dirty(), 30);
    const size_t purged = cm_runs_purge(10);
    assert_in_range(dirty(), 8, 10);
    assert_int_equal(purged, (30 - dirty()) * CM_CHUNK_SIZE);
    for (size_t i = 1; i < 20; i += 2) {
        free_large(runs[i]);
    }
    assert_sound();
}

static void misuse_is_named(void **state) {
    (void)state;
    const struct cm_run run = take_large(3);
    const struct cm_run inner = take(2, 1, CM_KIND_NONE, NULL);
    const struct cm_run freed = take_large(2);
    const struct cm_run high = take_large(1);
    free_large(freed);
    assert_int_equal(cm_runs_misuse(run.region, bytes(run) + 1), CHUNK_MISUSE_INTERIOR);
    assert_int_equal(cm_runs_misuse(run.region, bytes(run) + CM_CHUNK_SIZE), CHUNK_MISUSE_INTERIOR);
    assert_int_equal(cm_runs_misuse(run.region, bytes(inner)), CHUNK_MISUSE_OUTSIDE);
    assert_int_equal(cm_runs_misuse(run.region, bytes(freed)), CHUNK_MISUSE_DOUBLE_FREE);
    const uint32_t touched = run.region->heap.state->touched;
    assert_int_equal(cm_runs_misuse(run.region, cm_chunk_address(run.region, touched)),
                     CHUNK_MISUSE_OUTSIDE);
    free_large(run);
    free_large(high);
    assert_sound();
}

static void the_second_region_takes_what_the_first_cannot(void **state) {
    (void)state;
    struct cm_run_news news;
    const struct cm_run run = take(CM_SECTION_CHUNKS + 1, 1, true, &news);
    assert_ptr_equal(run.region, &cm_second);
    assert_int_equal(news.fresh, CM_SECTION_CHUNKS + 1);
    assert_int_equal(cm_second.kinds[run.chunk], CM_KIND_LARGE);
    bytes(run)[CM_SECTION_SIZE] = 1;
    assert_true(cm_runs_resize(run, CM_SECTION_CHUNKS + 100));
    bytes(run)[CM_SECTION_SIZE + 100 * CM_CHUNK_SIZE - 1] = 1;
    assert_int_equal(bytes(run)[CM_SECTION_SIZE], 1);
    free_large(run);
    const struct cm_run small = take_large(1);
    assert_ptr_equal(small.region, &cm_section);
    free_large(small);
    assert_null(chunk_heap_check(&cm_second.heap, CHUNK_CHECK_EXHAUSTIVE));
}

static void what_cannot_be_had_is_counted(void **state) {
    (void)state;
    const uint64_t failures = cm_runs_failures;
    assert_null(take(CHUNK_HEAP_MAX_CHUNKS, 1, true, NULL).region);
    assert_int_equal(cm_runs_failures, failures + 1);
    const struct cm_run run = take_large(1);
    assert_false(cm_runs_resize(run, CHUNK_HEAP_MAX_CHUNKS));
    assert_int_equal(cm_runs_length(run), 1);
    free_large(run);
    assert_sound();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_run_is_marked_at_its_first_chunk),
        cmocka_unit_test(other_runs_are_not_marked),
        cmocka_unit_test(a_hollow_slab_is_less_dirty),
        cmocka_unit_test(alignment_is_of_addresses),
        cmocka_unit_test(only_what_was_never_used_is_fresh),
        cmocka_unit_test(what_was_purged_is_absent_but_not_fresh),
        cmocka_unit_test(it_is_told_which_chunks_are_absent),
        cmocka_unit_test(bookkeeping_of_purged_runs_is_absent),
        cmocka_unit_test(a_block_that_will_grow_has_room_to),
        cmocka_unit_test(free_chunks_that_were_used_are_counted),
        cmocka_unit_test(purging_gives_back_and_leaves_zeros),
        cmocka_unit_test(purging_stops_at_what_may_be_kept),
        cmocka_unit_test(misuse_is_named),
        cmocka_unit_test(the_second_region_takes_what_the_first_cannot),
        cmocka_unit_test(what_cannot_be_had_is_counted),
    };
    return cmocka_run_group_tests_name("runs", tests, NULL, NULL);
}

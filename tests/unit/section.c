/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "host/region.h"
#include "host/slab.h"

static void its_parts_lie_where_the_fast_paths_expect_them(void **state) {
    (void)state;
    assert_ptr_equal(cm_section_map + CM_KINDS_SIZE, cm_section_heap);
    assert_int_equal((uintptr_t)cm_section_map % CM_SLAB_SIZE, 0);
    assert_int_equal((uintptr_t)cm_section_heap % CM_SLAB_SIZE, 0);
    assert_ptr_equal(cm_section.heap.memory, cm_section_heap);
    assert_int_equal(cm_section.heap.chunks, CM_SECTION_CHUNKS);
    assert_ptr_equal(cm_section.kinds, cm_section_map + CM_KINDS_SIZE / CM_CHUNK_SIZE);
    assert_true((uintptr_t)cm_section.heap.nodes >= (uintptr_t)cm_section_heap + CM_SECTION_SIZE);
    assert_true((uintptr_t)cm_section.slabs >=
                (uintptr_t)(cm_section.heap.nodes + CM_SECTION_CHUNKS));
}

static void it_is_empty_and_closed_as_it_is_loaded(void **state) {
    (void)state;
    struct chunk_heap_stats stats;
    chunk_heap_get_stats(&cm_section.heap, &stats);
    assert_int_equal(stats.available, 0);
    assert_int_equal(stats.frontier, 0);
    assert_int_equal(stats.chunks, CM_SECTION_CHUNKS);
    assert_null(chunk_heap_check(&cm_section.heap, CHUNK_CHECK_EXHAUSTIVE));
}

static void its_edges_are_known(void **state) {
    (void)state;
    assert_ptr_equal(cm_region_of(cm_section_heap), &cm_section);
    assert_ptr_equal(cm_region_of(cm_section_heap + CM_SECTION_SIZE - 1), &cm_section);
    assert_null(cm_region_of(cm_section_map + CM_KINDS_SIZE - 1));
    assert_null(cm_region_of(cm_section_heap + CM_SECTION_SIZE));
    assert_null(cm_region_of(NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_parts_lie_where_the_fast_paths_expect_them),
        cmocka_unit_test(it_is_empty_and_closed_as_it_is_loaded),
        cmocka_unit_test(its_edges_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

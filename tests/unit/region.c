/* SPDX-License-Identifier: MIT */
/* Opening the two regions step by step. The tests build on each other: regions only grow. */
#include "fixture.h"

#include "host/region.h"
#include "host/slab.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static void write_byte(void *address) {
    *(volatile unsigned char *)address = 1;
}

/* As the loader does for a library; the kernel, which loads this program, makes it writable. */
static int lock_section(void **state) {
    (void)state;
    unsigned char *const start =
        (unsigned char *)((uintptr_t)cm_section_map & ~(uintptr_t)(CM_SLAB_SIZE - 1));
    unsigned char *const end = (unsigned char *)&cm_section.slabs[CM_SECTION_SIZE / CM_SLAB_SIZE];
    return mprotect(start, (size_t)(end - start), PROT_READ);
}

static bool is_writable(void *address) {
    return fixture_signal_of(write_byte, address) == 0;
}

static uint32_t opened(const struct cm_region *region) {
    return region->heap.state->opened;
}

/* All that belongs to the chunks that are open, and nothing beyond their slab, can be written. */
static void assert_open_parts(const struct cm_region *region) {
    const uint32_t last = opened(region) - 1;
    assert_true(is_writable(cm_chunk_address(region, 0)));
    assert_true(is_writable(cm_chunk_address(region, last) + CM_CHUNK_SIZE - 1));
    assert_true(is_writable(&region->heap.nodes[last]));
    assert_true(is_writable(&region->kinds[last]));
    assert_true(is_writable(&region->slabs[last / CM_SLAB_CHUNKS]));
    assert_true(is_writable(&region->touched[last / 64]));
    const uint32_t slabs = (uint32_t)CM_SLAB_CHUNKS;
    const uint32_t closed = last / slabs * slabs + slabs;
    if (closed < region->heap.chunks) {
        assert_false(is_writable(cm_chunk_address(region, closed)));
    }
    assert_int_equal(region->heap.state->frontier, 0);
}

static void the_section_is_locked_at_first(void **state) {
    (void)state;
    assert_int_equal(opened(&cm_section), 0);
    assert_int_equal(cm_section.heap.chunks, CM_SECTION_CHUNKS);
    assert_int_equal(chunk_heap_capacity(&cm_section.heap), CM_SECTION_SIZE);
    assert_true(is_aligned(cm_section.heap.memory, CM_SLAB_SIZE));
    assert_null(chunk_heap_check(&cm_section.heap, CHUNK_CHECK_EXHAUSTIVE));
    assert_false(is_writable(cm_section.heap.memory));
    assert_true(all_zero(cm_section.heap.memory, CM_SECTION_SIZE));
}

static void addresses_are_told_apart(void **state) {
    (void)state;
    unsigned char *const start = cm_section.heap.memory;
    assert_ptr_equal(cm_region_of(start), &cm_section);
    assert_ptr_equal(cm_region_of(start + CM_SECTION_SIZE - 1), &cm_section);
    assert_null(cm_region_of(start + CM_SECTION_SIZE));
    assert_null(cm_region_of((void *)((uintptr_t)start - 1)));
    assert_null(cm_region_of(NULL));
    assert_null(cm_region_of(&start));
    assert_null(cm_region_of((const void *)UINTPTR_MAX));
    assert_int_equal(cm_offset_in(&cm_section, start + 12345), 12345);
}

static void the_limit_holds(void **state) {
    (void)state;
    cm_region_limit = 0;
    assert_false(cm_region_open(&cm_section, 1));
    cm_region_limit = 37;
    assert_true(cm_region_open(&cm_section, 10));
    assert_in_range(opened(&cm_section), 10, 37);
    (void)cm_region_open(&cm_section, 1000);
    assert_int_equal(opened(&cm_section), 37);
    assert_false(cm_region_open(&cm_section, 1000));
    assert_open_parts(&cm_section);
    cm_region_limit = UINT64_MAX;
}

static void opening_goes_on_in_steps(void **state) {
    (void)state;
    assert_true(cm_region_open(&cm_section, 38));
    const uint32_t first = opened(&cm_section);
    assert_true(first >= 38);
    assert_open_parts(&cm_section);
    assert_false(cm_region_open(&cm_section, first));
    assert_int_equal(opened(&cm_section), first);
    assert_true(cm_region_open(&cm_section, 5000));
    assert_true(opened(&cm_section) >= 5000);
    assert_open_parts(&cm_section);
    assert_true(cm_region_open(&cm_section, UINT32_MAX));
    assert_int_equal(opened(&cm_section), CM_SECTION_CHUNKS);
    assert_open_parts(&cm_section);
    assert_false(cm_region_open(&cm_section, UINT32_MAX));
}

static void a_second_region_is_reserved_once(void **state) {
    (void)state;
    cm_region_second_allowed = false;
    assert_false(cm_region_reserve_second(1));
    assert_int_equal(cm_second_size, 0);
    cm_region_second_allowed = true;
    assert_false(cm_region_reserve_second((uint64_t)1 << 40));
    assert_int_equal(cm_second_size, 0);
    assert_true(cm_region_reserve_second(10000));
    assert_true(cm_second_size >= 10000 * CM_CHUNK_SIZE);
    assert_false(cm_region_reserve_second(1));
    assert_int_equal(opened(&cm_second), 0);
    assert_int_equal(chunk_heap_capacity(&cm_second.heap), cm_second_size);
    assert_true(is_aligned(cm_second.heap.memory, CM_SLAB_SIZE));
    assert_false(is_writable(cm_second.heap.memory));
    assert_ptr_equal(cm_region_of(cm_second.heap.memory), &cm_second);
    assert_ptr_equal(cm_region_of(cm_second.heap.memory + cm_second_size - 1), &cm_second);
    assert_null(cm_region_of(cm_second.heap.memory + cm_second_size));
    assert_ptr_equal(cm_region_of(cm_section.heap.memory), &cm_section);
}

/* What belongs to chunks that are not open does not count as memory in use. */
static void the_second_region_is_locked_at_first(void **state) {
    (void)state;
    const uint32_t far = cm_second.heap.chunks / 2;
    assert_false(is_writable(&cm_second.kinds[far]));
    assert_false(is_writable(&cm_second.touched[far / 64]));
    assert_false(is_writable(&cm_second.heap.bits[far / 64 * 2]));
    assert_false(is_writable(&cm_second.heap.nodes[far]));
    assert_false(is_writable(&cm_second.slabs[far / CM_SLAB_CHUNKS]));
}

/* Does the system list the flag for the mapping in which the address lies? */
static bool has_flag(const void *address, const char *flag) {
    char line[512];
    bool here = false;
    bool found = false;
    FILE *const maps = fopen("/proc/self/smaps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long start = 0;
        unsigned long end = 0;
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2) {
            here = (uintptr_t)address >= start && (uintptr_t)address < end;
        } else if (here && strncmp(line, "VmFlags:", 8) == 0) {
            found = strstr(line, flag) != NULL;
        }
    }
    assert_int_equal(fclose(maps), 0);
    return found;
}

static void huge_pages_are_asked_for_if_wished(void **state) {
    (void)state;
    const unsigned char *const first = cm_chunk_address(&cm_second, 0);
    assert_false(has_flag(first, " hg"));
    cm_region_huge_pages = true;
    const uint32_t before = opened(&cm_second);
    assert_true(cm_region_open(&cm_second, before + 1));
    cm_region_huge_pages = false;
    const bool supported = access("/sys/kernel/mm/transparent_hugepage", F_OK) == 0;
    assert_int_equal(has_flag(cm_chunk_address(&cm_second, before + CM_SLAB_CHUNKS), " hg"),
                     supported);
}

static void the_second_region_opens_as_the_first_does(void **state) {
    (void)state;
    assert_true(cm_region_open(&cm_second, 1));
    assert_open_parts(&cm_second);
    assert_true(cm_region_open(&cm_second, 9999));
    assert_true(opened(&cm_second) >= 9999);
    assert_open_parts(&cm_second);
}

static void the_limit_counts_both(void **state) {
    (void)state;
    const uint32_t second = opened(&cm_second);
    cm_region_limit = (uint64_t)opened(&cm_section) + second + 5;
    assert_true(cm_region_open(&cm_second, second + 100));
    assert_int_equal(opened(&cm_second), second + 5);
    assert_false(cm_region_open(&cm_second, second + 100));
    cm_region_limit = UINT64_MAX;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_section_is_locked_at_first),
        cmocka_unit_test(addresses_are_told_apart),
        cmocka_unit_test(the_limit_holds),
        cmocka_unit_test(opening_goes_on_in_steps),
        cmocka_unit_test(a_second_region_is_reserved_once),
        cmocka_unit_test(the_second_region_is_locked_at_first),
        cmocka_unit_test(the_second_region_opens_as_the_first_does),
        cmocka_unit_test(huge_pages_are_asked_for_if_wished),
        cmocka_unit_test(the_limit_counts_both),
    };
    return cmocka_run_group_tests_name("region", tests, lock_section, NULL);
}

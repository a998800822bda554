/* SPDX-License-Identifier: MIT */
/* The table of size classes, and division by their sizes, for every value that can come up. */
#include "fixture.h"

#include "host/classes.h"

/* Steps of 16 to 128, then four per doubling, and eight from 4096 to 8192. */
static size_t size_after(size_t size) {
    size_t step = 16;
    while (size >= 8 * step) {
        step *= 2;
    }
    return size + (size >= 4096 && size < 8192 ? step / 2 : step);
}

static void sizes_are_as_designed(void **state) {
    (void)state;
    size_t size = 0;
    for (unsigned class = 1; class <= CM_CLASSES; class ++) {
        size = size_after(size);
        assert_int_equal(cm_class_size(class), size);
    }
    assert_int_equal(size, CM_SMALL_MAX);
}

static void every_size_has_the_smallest_class_that_holds_it(void **state) {
    (void)state;
    for (size_t size = 0; size <= CM_SMALL_MAX; size++) {
        const unsigned class = cm_class_of(size);
        assert_in_range(class, 1, CM_CLASSES);
        assert_true(cm_class_size(class) >= size);
        assert_true(class == 1 || cm_class_size(class - 1) < size);
    }
}

static void every_slab_is_cut_into_as_many_slots_as_fit(void **state) {
    (void)state;
    for (unsigned class = 1; class <= CM_CLASSES; class ++) {
        assert_int_equal(cm_classes[class].slots, CM_SLAB_SIZE / cm_class_size(class));
        assert_in_range(cm_classes[class].slots, 2, 4096);
    }
}

static void division_is_exact_for_every_offset(void **state) {
    (void)state;
    for (unsigned class = 1; class <= CM_CLASSES; class ++) {
        const size_t size = cm_class_size(class);
        for (uint32_t offset = 0; offset < CM_SLAB_SIZE; offset++) {
            const size_t slot = offset / size;
            const bool starts = offset % size == 0 && slot < cm_classes[class].slots;
            assert_int_equal(cm_is_slot(class, offset), starts);
            if (starts) {
                assert_int_equal(cm_slot_number(class, offset), slot);
            }
        }
        /* slab.c rounds with it, beyond the end of the slab too. */
        for (uint32_t offset = 0; offset < 2 * CM_SLAB_SIZE; offset++) {
            assert_int_equal(cm_slot_number(class, offset), offset / size);
        }
    }
}

static void no_slot_starts_where_there_is_no_slab(void **state) {
    (void)state;
    for (uint32_t offset = 0; offset < CM_SLAB_SIZE; offset++) {
        assert_false(cm_is_slot(CM_KIND_NONE, offset));
        assert_false(cm_is_slot(CM_KIND_LARGE, offset));
    }
}

static void kinds_fit_into_a_byte(void **state) {
    (void)state;
    assert_true(CM_KINDS <= 256);
    assert_true((int)CM_KIND_LARGE > (int)CM_CLASSES);
    assert_int_equal(CM_KIND_NONE, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_as_designed),
        cmocka_unit_test(every_size_has_the_smallest_class_that_holds_it),
        cmocka_unit_test(every_slab_is_cut_into_as_many_slots_as_fit),
        cmocka_unit_test(division_is_exact_for_every_offset),
        cmocka_unit_test(no_slot_starts_where_there_is_no_slab),
        cmocka_unit_test(kinds_fit_into_a_byte),
    };
    return cmocka_run_group_tests_name("classes", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "host/depot.h"
#include "host/footprint.h"

/* A class with few blocks a magazine, so that limits are soon reached. */
enum { CLASS = 32 };

static struct cm_magazine *empty(void) {
    struct cm_magazine *const magazine = cm_depot_empty(CLASS);
    assert_non_null(magazine);
    assert_int_equal((uintptr_t)magazine % CM_MAGAZINE_SIZE, 0);
    assert_ptr_equal(cm_magazine_bottom(magazine, CLASS)[-1], cm_no_block());
    assert_int_equal((uintptr_t)cm_magazine_end(magazine) % CM_MAGAZINE_SIZE, 0);
    return magazine;
}

/* A full magazine of blocks that the slabs gave. */
static struct cm_magazine *full(void) {
    struct cm_magazine *const magazine = empty();
    for (void **at = cm_magazine_bottom(magazine, CLASS); at < cm_magazine_end(magazine); at++) {
        *at = cm_depot_take_one(CLASS);
        assert_non_null(*at);
    }
    return magazine;
}

static void leave_nothing(void) {
    cm_depot_drain(CLASS);
    assert_int_equal(cm_depots[CLASS].full_count, 0);
    assert_int_equal(cm_depots[CLASS].slabs.out, 0);
    assert_int_equal(cm_depots[CLASS].slabs.slabs, 0);
    assert_int_equal(cm_counted(&cm_footprint.small_bytes), 0);
    assert_null(cm_slab_check(&cm_depots[CLASS].slabs, CLASS));
}

static void a_fill_is_half_a_magazine_lowest_address_on_top(void **state) {
    (void)state;
    struct cm_magazine *magazine = empty();
    void **const top = cm_depot_load(CLASS, &magazine, false);
    void **const bottom = cm_magazine_bottom(magazine, CLASS);
    assert_int_equal(top - bottom, (cm_classes[CLASS].magazine + 1) / 2);
    for (void **at = bottom + 1; at < top; at++) {
        assert_true((uintptr_t)at[0] < (uintptr_t)at[-1]);
    }
    cm_depot_retire(CLASS, magazine, top);
    leave_nothing();
}

static void a_stored_magazine_is_loaded_again(void **state) {
    (void)state;
    struct cm_magazine *const stored = full();
    struct cm_magazine *const other = cm_depot_store(CLASS, stored);
    assert_ptr_not_equal(other, stored);
    assert_int_equal(cm_depots[CLASS].full_count, 1);
    assert_true(cm_depot_has(CLASS, stored->slots[CM_MAGAZINE_SLOTS - 1]));
    struct cm_magazine *loaded = other;
    assert_ptr_equal(cm_depot_load(CLASS, &loaded, false), cm_magazine_end(stored));
    assert_ptr_equal(loaded, stored);
    assert_false(cm_depot_has(CLASS, stored->slots[CM_MAGAZINE_SLOTS - 1]));
    cm_depot_retire(CLASS, loaded, cm_magazine_end(loaded));
    leave_nothing();
}

static void a_depot_at_its_limit_gives_back_and_learns(void **state) {
    (void)state;
    assert_int_equal(cm_depots[CLASS].limit, 1);
    (void)cm_depot_store(CLASS, full());
    struct cm_magazine *const surplus = full();
    const uint64_t out = cm_depots[CLASS].slabs.out;
    assert_ptr_equal(cm_depot_store(CLASS, surplus), surplus);
    assert_int_equal(cm_depots[CLASS].slabs.out, out - cm_classes[CLASS].magazine);
    struct cm_magazine *first = empty();
    struct cm_magazine *second = empty();
    void **const first_top = cm_depot_load(CLASS, &first, false);
    assert_int_equal(cm_depots[CLASS].limit, 1);
    (void)cm_depot_store(CLASS, full());
    (void)cm_depot_store(CLASS, full());
    cm_depot_drain(CLASS);
    cm_depots[CLASS].drained = 1;
    void **const second_top = cm_depot_load(CLASS, &second, false);
    assert_int_equal(cm_depots[CLASS].limit, 2);
    cm_depot_retire(CLASS, first, first_top);
    cm_depot_retire(CLASS, second, second_top);
    leave_nothing();
    assert_int_equal(cm_depots[CLASS].limit, 1);
}

static void single_blocks_go_straight_to_the_slab(void **state) {
    (void)state;
    void *const block = cm_depot_take_one(CLASS);
    assert_false(cm_depot_has(CLASS, block));
    cm_depot_give_one(CLASS, block);
    assert_true(cm_depot_has(CLASS, block));
    leave_nothing();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fill_is_half_a_magazine_lowest_address_on_top),
        cmocka_unit_test(a_stored_magazine_is_loaded_again),
        cmocka_unit_test(a_depot_at_its_limit_gives_back_and_learns),
        cmocka_unit_test(single_blocks_go_straight_to_the_slab),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

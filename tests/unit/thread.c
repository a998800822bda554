/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "host/thread.h"

#include <pthread.h>

enum { CLASS = 9, MANY = 1000 };

static void *blocks[MANY];

static void *take(void) {
    void *const block = cm_thread_pop(CLASS);
    return block != NULL ? block : cm_thread_take(CLASS);
}

static void give(void *block) {
    if (!cm_thread_push(CLASS, block)) {
        cm_thread_give(CLASS, block);
    }
}

static void a_thread_of_zeros_has_nothing_and_no_room(void **state) {
    (void)state;
    uint64_t block[2] = {0, 0};
    assert_int_equal(cm_thread_self.state, CM_THREAD_NEW);
    assert_null(cm_thread_pop(CLASS));
    assert_false(cm_thread_push(CLASS, block));
    assert_int_equal(block[1], 0);
}

static void blocks_come_back_last_first(void **state) {
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = take();
        assert_non_null(blocks[i]);
        assert_false(cm_is_marked(blocks[i]));
    }
    for (size_t i = 0; i < MANY; i++) {
        give(blocks[i]);
        assert_true(cm_is_marked(blocks[i]));
        assert_true(cm_thread_block_is_free(CLASS, blocks[i]));
    }
    assert_ptr_equal(take(), blocks[MANY - 1]);
    assert_false(cm_thread_block_is_free(CLASS, blocks[MANY - 1]));
    give(blocks[MANY - 1]);
}

static void what_is_cached_is_counted_and_flushed(void **state) {
    (void)state;
    size_t cached = 0;
    assert_int_equal(cm_thread_count(&cached), 1);
    const size_t magazine = cm_classes[CLASS].magazine * cm_class_size(CLASS);
    assert_true(cached > 0 && cached <= 2 * magazine);
    cm_thread_flush();
    assert_int_equal(cm_thread_count(&cached), 1);
    assert_int_equal(cached, 0);
    cm_depot_drain(CLASS);
    assert_int_equal(cm_depots[CLASS].slabs.out, 0);
}

static void *use_and_end(void *key) {
    void *const block = take();
    assert_int_equal(cm_thread_self.state, CM_THREAD_ACTIVE);
    give(block);
    size_t cached = 0;
    assert_int_equal(cm_thread_count(&cached), 2);
    assert_int_equal(pthread_setspecific(*(pthread_key_t *)key, block), 0);
    return NULL;
}

static unsigned late_calls;

/* A destructor that runs in every round, before and after ours has done its work. */
static void late(void *value) {
    give(take());
    late_calls++;
    if (cm_thread_self.state != CM_THREAD_ENDED) {
        (void)pthread_setspecific(*(pthread_key_t *)blocks[0], value);
    }
}

static void a_thread_that_ends_leaves_nothing(void **state) {
    (void)state;
    static pthread_key_t key;
    pthread_t thread;
    blocks[0] = &key;
    assert_int_equal(pthread_key_create(&key, late), 0);
    assert_int_equal(pthread_create(&thread, NULL, use_and_end, &key), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    size_t cached = 0;
    assert_int_equal(cm_thread_count(&cached), 1);
    assert_true(late_calls >= 2);
    cm_depot_drain(CLASS);
    assert_int_equal(cm_depots[CLASS].slabs.out, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_of_zeros_has_nothing_and_no_room),
        cmocka_unit_test(blocks_come_back_last_first),
        cmocka_unit_test(what_is_cached_is_counted_and_flushed),
        cmocka_unit_test(a_thread_that_ends_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

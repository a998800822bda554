/* SPDX-License-Identifier: MIT */
/* The glue without a library: what each function of callbacks.h and of lua.h makes of its
 * arguments, over a heap and over a locked one. */
#include "fixture.h"

#include <chunkmalloc/callbacks.h>
#include <chunkmalloc/lua.h>

#include <limits.h>

enum { CHUNKS = 64, UNIT = 16 };

static struct fixture fixture;
static struct chunk_spin spin;
static const struct chunk_locked_heap locked = {&fixture.heap, CHUNK_LOCK_SPIN(&spin)};

CHUNK_CALLBACKS_DEFINE(plain, &fixture.heap);
CHUNK_LOCKED_CALLBACKS_DEFINE(shared, &locked);
CHUNK_OPENSSL_CALLBACKS_DEFINE(crypto, &locked);

struct with_context {
    void *heap;
    void *(*alloc)(void *heap, size_t size);
    void *(*calloc)(void *heap, size_t count, size_t size);
    void *(*alloc_items)(void *heap, unsigned count, unsigned size);
    void *(*realloc)(void *heap, void *block, size_t size);
    void (*free)(void *heap, void *block);
    void *(*lua)(void *heap, void *block, size_t old_size, size_t new_size);
};

static const struct with_context *with;

static int over_a_heap(void **state) {
    static const struct with_context own = {
        &fixture.heap,          chunk_callback_alloc,
        chunk_callback_calloc,  chunk_callback_alloc_items,
        chunk_callback_realloc, chunk_callback_free,
        chunk_lua_alloc,
    };
    (void)state;
    with = &own;
    return 0;
}

static int over_a_locked_heap(void **state) {
    static const struct with_context shared = {
        (void *)&locked,
        chunk_locked_callback_alloc,
        chunk_locked_callback_calloc,
        chunk_locked_callback_alloc_items,
        chunk_locked_callback_realloc,
        chunk_locked_callback_free,
        chunk_locked_lua_alloc,
    };
    (void)state;
    with = &shared;
    return 0;
}

static int begin(void **state) {
    (void)state;
    fixture_create(&fixture, CHUNKS, UNIT, 0);
    return 0;
}

static int end(void **state) {
    (void)state;
    assert_int_equal(fixture_stats(&fixture).used, 0);
    assert_int_equal(spin.held, 0);
    fixture_end(&fixture);
    return 0;
}

static size_t used(void) {
    return fixture_stats(&fixture).used;
}

static void size_zero_is_a_block_of_its_own(void **state) {
    (void)state;
    void *const blocks[] = {with->alloc(with->heap, 0), with->calloc(with->heap, 0, 5),
                            with->calloc(with->heap, 5, 0), with->alloc_items(with->heap, 0, 5),
                            with->realloc(with->heap, NULL, 0)};
    assert_int_equal(used(), 5);
    for (size_t i = 0; i < 5; i++) {
        assert_non_null(blocks[i]);
        with->free(with->heap, blocks[i]);
    }
}

static void a_product_too_large_is_refused(void **state) {
    (void)state;
    assert_null(with->calloc(with->heap, SIZE_MAX / 2 + 1, 2));
    assert_null(with->calloc(with->heap, 2, SIZE_MAX / 2 + 1));
    assert_null(with->calloc(with->heap, SIZE_MAX, SIZE_MAX));
    assert_null(with->alloc_items(with->heap, UINT_MAX, UINT_MAX));
    assert_null(with->alloc(with->heap, SIZE_MAX));
    assert_int_equal(fixture_stats(&fixture).failures, 5);
}

static void items_are_counted_and_calloc_clears_them(void **state) {
    (void)state;
    unsigned char *const items = with->alloc_items(with->heap, 5, 2 * UNIT);
    assert_int_equal(chunk_usable_size(&fixture.heap, items), 10 * UNIT);
    memset(items, 1, 10 * UNIT);
    with->free(with->heap, items);
    unsigned char *const zeros = with->calloc(with->heap, 5, 2 * UNIT);
    assert_ptr_equal(zeros, items);
    assert_true(all_zero(zeros, 10 * UNIT));
    with->free(with->heap, zeros);
    with->free(with->heap, NULL);
}

static void realloc_to_nothing_frees(void **state) {
    (void)state;
    unsigned char *const block = with->realloc(with->heap, NULL, 3 * UNIT);
    assert_int_equal(used(), 3);
    memset(block, 7, 3 * UNIT);
    assert_null(with->realloc(with->heap, block, (CHUNKS + 1) * UNIT));
    unsigned char *const longer = with->realloc(with->heap, block, 9 * UNIT);
    assert_int_equal(longer[3 * UNIT - 1], 7);
    assert_int_equal(used(), 9);
    assert_null(with->realloc(with->heap, longer, 0));
    assert_int_equal(used(), 0);
}

static void without_context_it_is_the_same(void **state) {
    (void)state;
    unsigned char *block = plain_realloc(plain_alloc(UNIT), 2 * UNIT);
    unsigned char *other = shared_realloc(shared_alloc(UNIT), 3 * UNIT);
    assert_int_equal(used(), 5);
    assert_null(plain_realloc(block, 0));
    assert_null(shared_realloc(other, 0));
    block = plain_calloc(4, UNIT);
    other = shared_calloc(4, UNIT);
    assert_true(all_zero(block, 4 * UNIT) && all_zero(other, 4 * UNIT));
    assert_null(plain_calloc(SIZE_MAX, 2));
    assert_null(shared_calloc(SIZE_MAX, 2));
    plain_free(block);
    shared_free(other);
}

static void openssl_gets_nothing_for_size_zero(void **state) {
    (void)state;
    assert_null(crypto_alloc(0, __FILE__, __LINE__));
    assert_null(crypto_realloc(NULL, 0, __FILE__, __LINE__));
    assert_int_equal(fixture_stats(&fixture).failures, 0);
    void *block = crypto_alloc(UNIT, __FILE__, __LINE__);
    block = crypto_realloc(block, 2 * UNIT, __FILE__, __LINE__);
    assert_int_equal(used(), 2);
    assert_null(crypto_realloc(block, 0, __FILE__, __LINE__));
    assert_int_equal(used(), 0);
    block = crypto_realloc(NULL, UNIT, __FILE__, __LINE__);
    crypto_free(block, __FILE__, __LINE__);
    crypto_free(NULL, __FILE__, __LINE__);
}

static void lua_frees_by_size_and_may_tell_a_kind(void **state) {
    (void)state;
    const size_t table = 5; /* LUA_TTABLE, told in the place of a size that there is not */
    assert_null(with->lua(with->heap, NULL, table, 0));
    void *block = with->lua(with->heap, NULL, table, 3 * UNIT);
    block = with->lua(with->heap, block, 3 * UNIT, 5 * UNIT);
    assert_null(with->lua(with->heap, block, 5 * UNIT, (CHUNKS + 1) * UNIT));
    assert_ptr_equal(with->lua(with->heap, block, 5 * UNIT, 2 * UNIT), block);
    assert_null(with->lua(with->heap, block, 5 * UNIT, 0));
    fixture_expect_misuse(CHUNK_MISUSE_WRONG_SIZE, block);
    assert_int_equal(used(), 2);
    assert_null(with->lua(with->heap, block, 2 * UNIT, 0));
    assert_int_equal(used(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(size_zero_is_a_block_of_its_own, begin, end),
        cmocka_unit_test_setup_teardown(a_product_too_large_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(items_are_counted_and_calloc_clears_them, begin, end),
        cmocka_unit_test_setup_teardown(realloc_to_nothing_frees, begin, end),
        cmocka_unit_test_setup_teardown(without_context_it_is_the_same, begin, end),
        cmocka_unit_test_setup_teardown(openssl_gets_nothing_for_size_zero, begin, end),
        cmocka_unit_test_setup_teardown(lua_frees_by_size_and_may_tell_a_kind, begin, end),
    };
    return cmocka_run_group_tests_name("callbacks, a heap", tests, over_a_heap, NULL) +
           cmocka_run_group_tests_name("callbacks, a locked heap", tests, over_a_locked_heap, NULL);
}

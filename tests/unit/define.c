/* SPDX-License-Identifier: MIT */
/* Heaps made by the macro and by chunk_heap_init. */
#include "fixture.h"

#include "core/index.h"

#include <sys/mman.h>

#include "core/assert.h"

CHUNK_HEAP_DEFINE(defaults);
CHUNK_HEAP_DEFINE(with_chunks, 3);
CHUNK_HEAP_DEFINE(with_size, 1000, 16);
CHUNK_HEAP_DEFINE(with_hook, 64, 65536, witness_hook);
CHUNK_HEAP_DEFINE(with_flags, 65, 64, witness_hook, CHUNK_HEAP_NODES_OUTSIDE | CHUNK_HEAP_GROWS);
CHUNK_HEAP_DEFINE(smallest, 1, 16);
CHUNK_HEAP_DEFINE(largest_levels, 262145, 16, NULL, CHUNK_HEAP_NODES_OUTSIDE);

static void assert_works(const struct chunk_heap *heap, size_t chunks, size_t chunk_size) {
    assert_int_equal(chunk_heap_chunk_count(heap), chunks);
    assert_int_equal(chunk_heap_chunk_size(heap), chunk_size);
    assert_int_equal(chunk_heap_min_alignment(heap), chunk_size);
    assert_int_equal(chunk_heap_capacity(heap), chunks * chunk_size);
    assert_true(is_aligned(heap->memory, chunk_size > 4096 ? chunk_size : 4096));
    assert_null(chunk_heap_check(heap, CHUNK_CHECK_EXHAUSTIVE));
    void *const first = chunk_alloc(heap, 1);
    assert_ptr_equal(first, heap->memory);
    assert_int_equal(chunk_usable_size(heap, first), chunk_size);
    chunk_free(heap, first);
    void *const whole = chunk_alloc_zeroed(heap, chunks * chunk_size);
    assert_ptr_equal(whole, heap->memory);
    assert_true(all_zero(whole, chunks * chunk_size));
    assert_int_equal(chunk_heap_usage(heap), 10000);
    chunk_free(heap, whole);
    assert_null(chunk_heap_check(heap, CHUNK_CHECK_EXHAUSTIVE));
}

static void the_macro_makes_heaps_that_need_no_call(void **state) {
    (void)state;
    assert_works(&defaults, CHUNK_HEAP_DEFAULT_CHUNKS, CHUNK_HEAP_DEFAULT_CHUNK_SIZE);
    assert_works(&with_chunks, 3, CHUNK_HEAP_DEFAULT_CHUNK_SIZE);
    assert_works(&with_size, 1000, 16);
    assert_works(&with_hook, 64, 65536);
    assert_works(&smallest, 1, 16);
    assert_works(&largest_levels, 262145, 16);
}

static void the_macro_passes_hook_and_flags_on(void **state) {
    (void)state;
    witness_clear();
    assert_null(defaults.misuse);
    chunk_free(&with_hook, &witness);
    fixture_expect_misuse(CHUNK_MISUSE_OUTSIDE, &witness);
    assert_null(chunk_alloc(&with_flags, 1));
    assert_true(chunk_heap_extend(&with_flags, 65));
    assert_works(&with_flags, 65, 64);
    assert_ptr_not_equal(with_flags.nodes, with_flags.memory);
    assert_ptr_equal(with_size.nodes, with_size.memory);
}

static void a_copy_of_the_descriptor_is_the_same_heap(void **state) {
    (void)state;
    const struct chunk_heap copy = with_size;
    void *const block = chunk_alloc(&with_size, 100);
    assert_non_null(block);
    assert_int_equal(chunk_usable_size(&copy, block), 112);
    chunk_free(&copy, block);
    struct chunk_heap_stats stats;
    chunk_heap_get_stats(&with_size, &stats);
    assert_int_equal(stats.used, 0);
}

static void size_function_and_macro_agree(void **state) {
    (void)state;
    static const size_t counts[] = {
        1,    2,    31,     32,     33,     63,       64,       65,         4095,
        4096, 4097, 262143, 262144, 262145, 1u << 24, 16777217, 1073741824, CHUNK_HEAP_MAX_CHUNKS};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        for (unsigned flags = 0; flags < 8; flags++) {
            assert_int_equal(chunk_heap_bookkeeping_size(counts[i], flags),
                             CHUNK_HEAP_BOOKKEEPING_SIZE(counts[i], flags));
        }
    }
    assert_int_equal(chunk_heap_bookkeeping_size(0, 0), 0);
    assert_int_equal(chunk_heap_bookkeeping_size((size_t)CHUNK_HEAP_MAX_CHUNKS + 1, 0), 0);
    assert_int_equal(chunk_heap_bookkeeping_size(SIZE_MAX, 0), 0);
    assert_int_equal(chunk_heap_bookkeeping_size(1, 8), 0);
    assert_int_equal(chunk_heap_bookkeeping_size(1, 1u << 31), 0);
}

static void the_bookkeeping_is_cleared_and_no_more(void **state) {
    (void)state;
    struct chunk_heap heap;
    for (uint32_t chunks = 1; chunks < 5000; chunks = chunks * 2 + 1) {
        for (unsigned flags = 0; flags < 4; flags++) {
            const size_t size = chunk_heap_bookkeeping_size(chunks, flags);
            const struct area memory = area_create((size_t)chunks * 64, 0);
            const struct area beside = area_create(size + 64, 0);
            area_forbid(&memory);
            memset(beside.bytes, 0xff, beside.size);
            assert_int_equal(chunk_heap_init(&heap, memory.bytes, memory.size, 64, beside.bytes,
                                             beside.size, flags),
                             CHUNK_HEAP_OK);
            assert_null(chunk_heap_check(&heap, CHUNK_CHECK_EXHAUSTIVE));
            assert_true(all_zero(beside.bytes, size));
            for (size_t i = 0; i < 64; i++) {
                assert_int_equal(beside.bytes[size + i], 0xff);
            }
            area_destroy(&memory);
            area_destroy(&beside);
        }
    }
}

/* With CHUNK_HEAP_ZEROED, what belongs to chunks that are not yet available may be out of reach. */
static void what_belongs_to_unavailable_chunks_is_left_alone(void **state) {
    (void)state;
    enum { CHUNKS = 1 << 17, OPEN = CHUNKS / 2, EACH = 64, BLOCKS = OPEN / EACH };
    const unsigned flags = CHUNK_HEAP_ZEROED | CHUNK_HEAP_GROWS | CHUNK_HEAP_NODES_OUTSIDE;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct fixture fixture;
    fixture.memory = area_create((size_t)CHUNKS * 16, 0);
    fixture.beside = area_create(chunk_heap_bookkeeping_size(CHUNKS, flags), 0);
    assert_int_equal(chunk_heap_init(&fixture.heap, fixture.memory.bytes, fixture.memory.size, 16,
                                     fixture.beside.bytes, fixture.beside.size, flags),
                     CHUNK_HEAP_OK);
    const uintptr_t nodes =
        ((uintptr_t)chunk_index_node(&fixture.heap, OPEN) + page - 1) / page * page;
    const size_t nodes_size = (uintptr_t)chunk_index_node(&fixture.heap, CHUNKS) - nodes;
    /* The wall is at the first chunk that is not available. */
    const uintptr_t first = (uintptr_t)chunk_bitmap_pair(&fixture.heap, OPEN / BITS_WORD + 1);
    const uintptr_t bits = (first + page - 1) / page * page;
    const uintptr_t last = (uintptr_t)chunk_bitmap_pair(&fixture.heap, CHUNKS / BITS_WORD);
    const size_t bits_size = (last - bits) / page * page;
    assert_true(nodes_size > page && bits_size > page);
    assert_int_equal(mprotect((void *)nodes, nodes_size, PROT_NONE), 0);
    assert_int_equal(mprotect((void *)bits, bits_size, PROT_NONE), 0);
    assert_true(chunk_heap_extend(&fixture.heap, OPEN));
    void *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = fixture_block(&fixture, EACH, i);
    }
    assert_null(chunk_alloc(&fixture.heap, 1));
    for (size_t i = 0; i < BLOCKS; i += 2) {
        chunk_free(&fixture.heap, blocks[i]);
    }
    assert_true(chunk_heap_extend(&fixture.heap, CHUNKS));
    assert_int_equal(mprotect((void *)nodes, nodes_size, PROT_READ | PROT_WRITE), 0);
    assert_int_equal(mprotect((void *)bits, bits_size, PROT_READ | PROT_WRITE), 0);
    assert_true(chunk_resize(&fixture.heap, blocks[BLOCKS - 1], OPEN * 16));
    fixture_end(&fixture);
}

/* Every level of the bitmap, with nothing behind the addresses but address space. */
static void the_largest_heap(void **state) {
    (void)state;
    const size_t chunks = CHUNK_HEAP_MAX_CHUNKS;
    const size_t size = chunks * 16;
    const size_t beside_size = chunk_heap_bookkeeping_size(chunks, 0) + 8 * chunks;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *const memory = mmap(NULL, size, PROT_NONE, flags, -1, 0);
    void *const beside = mmap(NULL, beside_size, PROT_READ | PROT_WRITE, flags, -1, 0);
    const bool checks_take_too_long = CHUNK_CHECKS >= 2;
    if (memory == MAP_FAILED || beside == MAP_FAILED || checks_take_too_long) {
        skip();
    }
    struct chunk_heap heap;
    assert_int_equal(chunk_heap_init(&heap, memory, size, 16, beside, beside_size,
                                     CHUNK_HEAP_ZEROED | CHUNK_HEAP_NODES_OUTSIDE),
                     CHUNK_HEAP_OK);
    void *const first = chunk_alloc(&heap, 1);
    void *const middle = chunk_alloc(&heap, size - 32);
    void *const last = chunk_alloc(&heap, 1);
    assert_ptr_equal(first, memory);
    assert_ptr_equal(middle, (unsigned char *)memory + 16);
    assert_ptr_equal(last, (unsigned char *)memory + size - 16);
    assert_null(chunk_alloc(&heap, 1));
    assert_int_equal(chunk_usable_size(&heap, middle), size - 32);
    assert_int_equal(chunk_heap_usage(&heap), 10000);
    chunk_free(&heap, middle);
    assert_ptr_equal(chunk_alloc(&heap, size / 2), middle);
    chunk_free(&heap, last);
    chunk_free(&heap, first);
    chunk_free_sized(&heap, middle, size / 2);
    assert_ptr_equal(chunk_alloc(&heap, size), memory);
    assert_null(chunk_heap_check(&heap, CHUNK_CHECK_CHEAP));
    assert_int_equal(munmap(memory, size), 0);
    assert_int_equal(munmap(beside, beside_size), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_macro_makes_heaps_that_need_no_call),
        cmocka_unit_test(the_macro_passes_hook_and_flags_on),
        cmocka_unit_test(a_copy_of_the_descriptor_is_the_same_heap),
        cmocka_unit_test(size_function_and_macro_agree),
        cmocka_unit_test(the_bookkeeping_is_cleared_and_no_more),
        cmocka_unit_test(what_belongs_to_unavailable_chunks_is_left_alone),
        cmocka_unit_test(the_largest_heap),
    };
    return cmocka_run_group_tests_name("define", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* The hardened mode: records, canaries, quarantine. */
#include "hard_blocks.h"

#include "host/footprint.h"
#include "host/hard_cache.h"
#include "host/hard_canary.h"
#include "host/reclaim.h"
#include "host/sys.h"

#include <sys/mman.h>

enum { TURNS = 20000 };

static void *blocks[TURNS];

/* ---- records ---- */

static void every_slot_has_a_record_of_its_own(void **state) {
    (void)state;
    unsigned char *const slab = cm_chunk_address(&cm_section, 0);
    unsigned char *const aligned = slab + (-(uintptr_t)slab & (CM_SLAB_SIZE - 1));
    for (unsigned size_class = 1; size_class <= CM_CLASSES; size_class++) {
        const struct cm_place place = {&cm_section, CM_HARD + size_class};
        const uint32_t *const first = cm_record(place, aligned);
        for (unsigned slot = 0; slot < cm_classes[size_class].slots; slot++) {
            const unsigned char *const block = aligned + slot * cm_class_size(size_class);
            assert_ptr_equal(cm_record(place, block), first + slot);
        }
        assert_true(cm_classes[size_class].slots <= CM_SLAB_RECORDS);
        assert_ptr_equal(cm_record(place, aligned + CM_SLAB_SIZE), first + CM_SLAB_RECORDS);
    }
}

static void a_record_says_what_the_program_has(void **state) {
    (void)state;
    for (size_t size = 1; size <= CM_SMALL_MAX + 5000; size += size / 7 + 1) {
        void *const block = hard_get(size);
        assert_true(hard_is_live(block));
        assert_int_equal(cm_hard_size(hard_place(block), block), size);
        assert_false(hard_is_live((char *)block + CM_GRANULE));
        assert_true(hard_try_free(block));
        assert_false(hard_is_live(block));
        assert_false(hard_try_free(block));
    }
}

/* Of the two places for a slab, the other one is kept, until all is to be given back. */
static void a_place_is_kept_for_the_next_slab(void **state) {
    (void)state;
    (void)cm_reclaim(0);
    const uint64_t before = cm_counted(&cm_footprint.used);
    void *const block = hard_get(SIZE);
    assert_int_equal(cm_counted(&cm_footprint.used), before + 2 * CM_SLAB_CHUNKS);
    hard_give(block);
    (void)cm_reclaim(0);
    assert_int_equal(cm_counted(&cm_footprint.used), before);
}

static bool is_resident(const void *address) {
    const size_t page = cm_sys_page_size();
    unsigned char resident = 1;
    assert_int_equal(mincore((void *)((uintptr_t)address & ~(page - 1)), page, &resident), 0);
    return (resident & 1) != 0;
}

static void records_are_given_back_with_their_slabs(void **state) {
    (void)state;
    static const uint32_t *records[TURNS];
    (void)cm_reclaim(0);
    for (unsigned i = 0; i < TURNS; i++) {
        blocks[i] = hard_get(CM_GRANULE);
        records[i] = cm_record(hard_place(blocks[i]), blocks[i]);
        assert_true(is_resident(records[i]));
    }
    for (unsigned i = 0; i < TURNS; i++) {
        hard_give(blocks[i]);
    }
    (void)cm_reclaim(0);
    for (unsigned i = 0; i < TURNS && cm_sys_page_size() == CM_CHUNK_SIZE; i++) {
        assert_false(is_resident(records[i]));
    }
}

static unsigned count_records(const unsigned char *memory, uint32_t value) {
    unsigned count = 0;
    for (unsigned chunk = 0; chunk < CM_SLAB_CHUNKS; chunk += 2) {
        const struct cm_place place = hard_place(memory + chunk * (size_t)CM_CHUNK_SIZE);
        count += cm_is_hard(place.kind) &&
                 cm_record_get(cm_record(place, memory + chunk * (size_t)CM_CHUNK_SIZE)) == value;
    }
    return count;
}

/* A pool gets four slots of two pages at once, and more when it has two and the next one. */
static void what_is_resident_is_not_asked_for(void **state) {
    (void)state;
    if (cm_sys_page_size() != CM_CHUNK_SIZE) {
        return;
    }
    (void)cm_reclaim(0);
    void *const first = hard_get(2 * CM_CHUNK_SIZE);
    struct cm_slab *const slab = cm_slab_row(&cm_section, first);
    assert_int_equal(count_records(slab->memory, CM_RECORD_NEW), 3);
    slab->bare = 0;
    void *const second = hard_get(2 * CM_CHUNK_SIZE);
    assert_int_equal(count_records(slab->memory, CM_RECORD_NEW), 2);
    assert_int_equal(count_records(slab->memory, CM_RECORD_NEW_RESIDENT), 4);
    hard_give(first);
    hard_give(second);
    assert_int_equal(count_records(slab->memory, CM_RECORD_NEW), 2);
    assert_int_equal(count_records(slab->memory, CM_RECORD_NEW_RESIDENT), 4);
}

/* ---- canaries ---- */

struct around {
    unsigned char bytes[96];
    size_t size;
};

static void check_canary(void *context) {
    struct around *const around = (struct around *)context;
    cm_canary_check(around->bytes, around->size, 64 - around->size);
}

static void each_byte_is_looked_at(void **state) {
    (void)state;
    enum { MOST = 1024 };
    static _Alignas(16) unsigned char memory[16 + MOST + 16];
    for (size_t size = 16; size <= MOST; size += 16) {
        memory[15] = memory[16 + size] = 1;
        assert_true(cm_is_zero(memory + 16, size));
        assert_true(cm_is_zero_here(memory + 16, size));
        memory[15] = memory[16 + size] = 0;
        for (size_t i = 16; i < 16 + size; i++) {
            memory[i] = 1;
            assert_false(cm_is_zero(memory + 16, size));
            assert_false(cm_is_zero_here(memory + 16, size));
            memory[i] = 0;
        }
    }
}

static void each_byte_of_a_canary_counts(void **state) {
    (void)state;
    for (size_t size = 64; size >= 40; size -= 3) {
        _Alignas(16) struct around around = {.size = size};
        memset(around.bytes, 0x55, sizeof around.bytes);
        cm_canary_put(around.bytes, size, 64 - size);
        const size_t end = size + cm_canary_size(64 - size);
        for (size_t at = 0; at < sizeof around.bytes; at++) {
            const bool is_canary = at >= size && at < end;
            assert_true(is_canary ? around.bytes[at] != 0 : around.bytes[at] == 0x55);
        }
        for (size_t at = size - 1; at <= end; at++) {
            const bool is_canary = at >= size && at < end;
            struct capture said;
            around.bytes[at] ^= 0x10;
            assert_int_equal(signal_of(check_canary, &around, &said), is_canary ? SIGABRT : 0);
            around.bytes[at] ^= 0x10;
        }
    }
}

static void canaries_differ(void **state) {
    (void)state;
    unsigned char *const one = hard_get(SIZE);
    unsigned char *const other = hard_get(SIZE);
    assert_memory_not_equal(one + SIZE, other + SIZE, 112 - SIZE);
    hard_give(one);
    hard_give(other);
}

static void resize_it(void *block) {
    (void)cm_hard_resize(hard_place(block), block, SIZE - 1);
}

static void a_damaged_canary_stops_the_program(void **state) {
    (void)state;
    static const size_t sizes[] = {1, SIZE, 5000, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned char *const block = hard_get(sizes[i]);
        block[sizes[i]] ^= 1;
        assert_dies(free_it, block, "overrun of");
        assert_dies(resize_it, block, "overrun of");
        block[sizes[i]] ^= 1;
        hard_give(block);
    }
}

static void a_canary_moves_with_the_end(void **state) {
    (void)state;
    static const size_t sizes[] = {SIZE, 64, 112, 57, 56, 100};
    unsigned char *const block = hard_get(SIZE);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_true(cm_hard_resize(hard_place(block), block, sizes[i]));
        assert_int_equal(cm_hard_size(hard_place(block), block), sizes[i]);
        if (sizes[i] < 112) {
            block[sizes[i]] ^= 1;
            assert_dies(free_it, block, "overrun of");
            block[sizes[i]] ^= 1;
        }
    }
    hard_give(block);
}

/* ---- quarantine ---- */

/* Blocks handed out, each freed at once, until it is the one. */
static unsigned turns_until(const void *first, size_t size) {
    unsigned turns = 0;
    for (const void *block = NULL; block != first; turns++) {
        assert_true(turns < TURNS);
        void *const taken = hard_get(size);
        assert_true(all_zero(taken, size));
        memset(taken, 0x55, size);
        block = taken;
        hard_give(taken);
    }
    return turns;
}

/* Never is it the next one, seldom soon; each turn it is one of at least half a magazine. */
static void what_is_freed_waits(void **state) {
    (void)state;
    enum { TIMES = 1000, SOON = 4 };
    const unsigned least = cm_classes[CM_HARD + CLASS].magazine / 2;
    unsigned all = 0;
    unsigned soon = 0;
    (void)cm_reclaim(0);
    for (unsigned i = 0; i < TIMES; i++) {
        void *const first = hard_get(SIZE);
        hard_give(first);
        const unsigned turns = turns_until(first, SIZE);
        assert_true(turns > 1);
        all += turns;
        soon += turns <= SOON;
    }
    assert_true(all > TIMES * least);
    assert_true(soon < TIMES * SOON / least);
}

/* The same of a thread that frees what others allocated, and so begins with a single block. */
static void the_first_that_is_freed_waits(void **state) {
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        void *const first = hard_get(SIZE);
        (void)cm_reclaim(0);
        hard_give(first);
        void *const next = hard_get(SIZE);
        assert_ptr_not_equal(next, first);
        hard_give(next);
    }
}

/* So do large ones: each turn one of 16 becomes the next. */
static void large_ones_wait(void **state) {
    (void)state;
    enum { TIMES = 200, LARGE = 40000, PLACES = 16 };
    unsigned all = 0;
    (void)cm_reclaim(0);
    for (unsigned i = 0; i < TIMES; i++) {
        void *const first = hard_get(LARGE);
        hard_give(first);
        const unsigned turns = turns_until(first, LARGE);
        assert_true(turns > 1);
        all += turns;
    }
    assert_true(all > TIMES * PLACES / 2);
}

/* The turns after which a freed slot comes back differ. */
static void nobody_knows_how_long(void **state) {
    (void)state;
    unsigned waits[8];
    bool differ = false;
    for (unsigned i = 0; i < 8; i++) {
        const void *const first = hard_get(SIZE);
        hard_give((void *)(uintptr_t)first);
        const void *block = NULL;
        for (waits[i] = 0; block != first; waits[i]++) {
            void *const taken = hard_get(SIZE);
            block = taken;
            hard_give(taken);
        }
        differ = differ || waits[i] != waits[0];
    }
    assert_true(differ);
}

static void write_and_reuse(void *block) {
    ((volatile unsigned char *)block)[SIZE / 2] = 1;
    for (unsigned i = 0; i < TURNS; i++) {
        hard_give(hard_get(SIZE));
    }
}

static void what_was_written_to_is_not_used_again(void **state) {
    (void)state;
    void *const block = hard_get(SIZE);
    hard_give(block);
    assert_dies(write_and_reuse, block, "write after free to");
}

static void give_twice_at_once(void *block) {
    cm_record_set(cm_record(hard_place(block), block),
                  cm_record_live(0, 0)); /* as the other thread saw it */
    hard_give(block);
    for (unsigned i = 0; i < TURNS; i++) {
        blocks[i] = hard_get(SIZE);
        hard_give(hard_get(SIZE));
    }
}

static void what_two_threads_free_at_once_is_not_handed_out_twice(void **state) {
    (void)state;
    void *const block = hard_get(SIZE);
    hard_give(block);
    assert_dies(give_twice_at_once, block, "double free of");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_slot_has_a_record_of_its_own),
        cmocka_unit_test(a_record_says_what_the_program_has),
        cmocka_unit_test(a_place_is_kept_for_the_next_slab),
        cmocka_unit_test(records_are_given_back_with_their_slabs),
        cmocka_unit_test(what_is_resident_is_not_asked_for),
        cmocka_unit_test(each_byte_is_looked_at),
        cmocka_unit_test(each_byte_of_a_canary_counts),
        cmocka_unit_test(canaries_differ),
        cmocka_unit_test(a_damaged_canary_stops_the_program),
        cmocka_unit_test(a_canary_moves_with_the_end),
        cmocka_unit_test(what_is_freed_waits),
        cmocka_unit_test(large_ones_wait),
        cmocka_unit_test(the_first_that_is_freed_waits),
        cmocka_unit_test(nobody_knows_how_long),
        cmocka_unit_test(what_was_written_to_is_not_used_again),
        cmocka_unit_test(what_two_threads_free_at_once_is_not_handed_out_twice),
    };
    return cmocka_run_group_tests_name("hard", tests, hard_start, NULL);
}

/* SPDX-License-Identifier: MIT */
/* The hardened mode: records, canaries, quarantine, runs between guards, blocks of no bytes. */
#include "fixture.h"

#include "capture.h"
#include "debt.h"
#include "host/hard.h"
#include "host/hard_cache.h"
#include "host/hard_canary.h"
#include "host/hard_record.h"
#include "host/hard_runs.h"
#include "host/reclaim.h"
#include "host/stats.h"

enum { SIZE = 100, CLASS = 7, TURNS = 20000, MANY = 40000 };

static void *blocks[MANY];

static struct cm_place place_of(const void *block) {
    const struct cm_region *const region = cm_region_of(block);
    if (region == NULL) {
        assert_true(cm_hard_is_zero(block));
        return (struct cm_place){NULL, CM_KIND_HARD_ZERO};
    }
    return (struct cm_place){region, region->kinds[cm_offset_in(region, block) >> CM_CHUNK_SHIFT]};
}

/* Never one of the sample. */
static void *get(size_t size) {
    if (cm_thread_self.hard != NULL) {
        cm_thread_self.hard->until_sampled = UINT32_MAX;
    }
    void *const block = cm_hard_alloc(size, 1, NULL);
    assert_non_null(block);
    return block;
}

static bool is_live(const void *block) {
    return cm_is_hard(place_of(block).kind) && cm_hard_is_live(place_of(block), block);
}

static bool try_free(void *block) {
    return cm_is_hard(place_of(block).kind) && cm_hard_free(place_of(block), block, NULL);
}

static void give(void *block) {
    assert_true(try_free(block));
}

/* The signal that the action ends with, and what it says. */
static int signal_of(void (*action)(void *context), void *context, struct capture *said) {
    const int errors = dup(STDERR_FILENO);
    capture_begin(said);
    assert_true(dup2(said->fd, STDERR_FILENO) >= 0);
    const int signal_number = fixture_signal_of(action, context);
    assert_true(dup2(errors, STDERR_FILENO) >= 0);
    assert_int_equal(close(errors), 0);
    capture_end(said);
    return signal_number;
}

/* Fails unless the action ends the program with that complaint about the block. */
static void assert_dies(void (*action)(void *block), void *block, const char *complaint) {
    struct capture said;
    char wanted[80];
    (void)snprintf(wanted, sizeof wanted, "chunkmalloc: %s 0x%lx", complaint,
                   (unsigned long)(uintptr_t)block);
    assert_int_equal(signal_of(action, block, &said), SIGABRT);
    assert_int_equal(strncmp(said.text, wanted, strlen(wanted)), 0);
    assert_int_equal(capture_lines(&said), 1);
}

static void write_to(void *byte) {
    *(volatile unsigned char *)byte = 1;
}

static void read_from(void *byte) {
    (void)*(volatile unsigned char *)byte;
}

static void assert_untouchable(void *byte) {
    assert_int_equal(fixture_signal_of(write_to, byte), SIGSEGV);
    assert_int_equal(fixture_signal_of(read_from, byte), SIGSEGV);
}

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
        void *const block = get(size);
        assert_true(is_live(block));
        assert_int_equal(cm_hard_size(place_of(block), block), size);
        assert_false(is_live((char *)block + CM_GRANULE));
        assert_true(try_free(block));
        assert_false(is_live(block));
        assert_false(try_free(block));
    }
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
    unsigned char *const one = get(SIZE);
    unsigned char *const other = get(SIZE);
    assert_memory_not_equal(one + SIZE, other + SIZE, 112 - SIZE);
    give(one);
    give(other);
}

static void free_it(void *block) {
    give(block);
}

static void resize_it(void *block) {
    (void)cm_hard_resize(place_of(block), block, SIZE - 1);
}

static void a_damaged_canary_stops_the_program(void **state) {
    (void)state;
    static const size_t sizes[] = {1, SIZE, 5000, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned char *const block = get(sizes[i]);
        block[sizes[i]] ^= 1;
        assert_dies(free_it, block, "overrun of");
        assert_dies(resize_it, block, "overrun of");
        block[sizes[i]] ^= 1;
        give(block);
    }
}

static void a_canary_moves_with_the_end(void **state) {
    (void)state;
    static const size_t sizes[] = {SIZE, 64, 112, 57, 56, 100};
    unsigned char *const block = get(SIZE);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_true(cm_hard_resize(place_of(block), block, sizes[i]));
        assert_int_equal(cm_hard_size(place_of(block), block), sizes[i]);
        if (sizes[i] < 112) {
            block[sizes[i]] ^= 1;
            assert_dies(free_it, block, "overrun of");
            block[sizes[i]] ^= 1;
        }
    }
    give(block);
}

/* ---- quarantine ---- */

/* Blocks handed out, each freed at once, until it is the one. */
static unsigned turns_until(const void *first, size_t size) {
    unsigned turns = 0;
    for (const void *block = NULL; block != first; turns++) {
        assert_true(turns < TURNS);
        void *const taken = get(size);
        assert_true(all_zero(taken, size));
        memset(taken, 0x55, size);
        block = taken;
        give(taken);
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
        void *const first = get(SIZE);
        give(first);
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
        void *const first = get(SIZE);
        (void)cm_reclaim(0);
        give(first);
        void *const next = get(SIZE);
        assert_ptr_not_equal(next, first);
        give(next);
    }
}

/* So do large ones: each turn one of 16 becomes the next. */
static void large_ones_wait(void **state) {
    (void)state;
    enum { TIMES = 200, LARGE = 40000, PLACES = 16 };
    unsigned all = 0;
    (void)cm_reclaim(0);
    for (unsigned i = 0; i < TIMES; i++) {
        void *const first = get(LARGE);
        give(first);
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
        const void *const first = get(SIZE);
        give((void *)(uintptr_t)first);
        const void *block = NULL;
        for (waits[i] = 0; block != first; waits[i]++) {
            void *const taken = get(SIZE);
            block = taken;
            give(taken);
        }
        differ = differ || waits[i] != waits[0];
    }
    assert_true(differ);
}

static void write_and_reuse(void *block) {
    ((volatile unsigned char *)block)[SIZE / 2] = 1;
    for (unsigned i = 0; i < TURNS; i++) {
        give(get(SIZE));
    }
}

static void what_was_written_to_is_not_used_again(void **state) {
    (void)state;
    void *const block = get(SIZE);
    give(block);
    assert_dies(write_and_reuse, block, "write after free to");
}

static void give_twice_at_once(void *block) {
    cm_record_set(cm_record(place_of(block), block),
                  cm_record_live(0, 0)); /* as the other thread saw it */
    give(block);
    for (unsigned i = 0; i < TURNS; i++) {
        blocks[i] = get(SIZE);
        give(get(SIZE));
    }
}

static void what_two_threads_free_at_once_is_not_handed_out_twice(void **state) {
    (void)state;
    void *const block = get(SIZE);
    give(block);
    assert_dies(give_twice_at_once, block, "double free of");
}

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
        blocks[i] = get(chunks << CM_CHUNK_SHIFT);
    }
    for (unsigned i = 0; i < count; i++) {
        give(blocks[i]);
    }
    assert_null(cm_check());
    const uint64_t kept = chunks_kept(runs_before, chunks_before);
    (void)cm_reclaim(0);
    assert_int_equal(cm_runs_condemned, runs_before);
    assert_int_equal(cm_runs_condemned_chunks, chunks_before);
    return kept;
}

static void what_stays_resident_is_little(void **state) {
    (void)state;
    enum { MOST = 1024 };
    const uint64_t opened = cm_section.heap.state->opened;
    const uint64_t most = opened / 8 > MOST ? opened / 8 : MOST;
    assert_int_equal(keep_of(1, 200), 200);
    for (size_t chunks = 10; chunks <= 200; chunks += 95) {
        const uint64_t kept = keep_of(30, chunks);
        assert_true(kept <= most && kept > 0);
    }
    /* It goes round: what is old makes room for what is new. */
    assert_true(keep_of(30, 200) > most - 2 * 200);
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

static void write_and_release(void *block) {
    ((volatile unsigned char *)block)[SIZE] = 1;
    (void)cm_reclaim(0);
}

static void write_and_reuse_run(void *block) {
    ((volatile unsigned char *)block)[SIZE] = 1;
    for (unsigned i = 0; i < 2000; i++) {
        give(get(100000));
    }
}

static void kept_runs_are_looked_at_whatever_becomes_of_them(void **state) {
    (void)state;
    void *const block = get(100000);
    give(block);
    assert_dies(write_and_reuse_run, block, "write after free to");
    assert_dies(write_and_release, block, "write after free to");
}

/* Written to, and then displaced by many of another size, which cannot use it again. */
static void write_and_displace(void *block) {
    enum { LARGE = 60 };
    ((volatile unsigned char *)block)[SIZE] = 1;
    for (unsigned turn = 0; turn < 200; turn++) {
        for (unsigned i = 0; i < LARGE; i++) {
            blocks[i] = get(48000);
        }
        for (unsigned i = 0; i < LARGE; i++) {
            give(blocks[i]);
        }
    }
}

static void displaced_runs_are_looked_at(void **state) {
    (void)state;
    void *const block = get(40000);
    give(block);
    assert_dies(write_and_displace, block, "write after free to");
}

static void runs_lie_between_guards(void **state) {
    (void)state;
    unsigned char *const block = get(100000);
    const size_t chunks = (100000 + CM_CHUNK_SIZE - 1) / CM_CHUNK_SIZE;
    assert_untouchable(block - 1);
    assert_untouchable(block + chunks * CM_CHUNK_SIZE);
    give(block);
    unsigned char *const longer = get(2500 * CM_CHUNK_SIZE);
    give(longer);
    assert_untouchable(longer);
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
        assert_int_equal(place_of(block).kind, CM_KIND_HARD_TIGHT);
        assert_true(is_live(block));
        assert_int_equal(cm_hard_size(place_of(block), block), size);
        assert_untouchable(end);
        if (end != block + size) {
            block[size] ^= 1;
            assert_dies(free_it, block, "overrun of");
            block[size] ^= 1;
        }
        give(block);
        assert_false(try_free(block));
        assert_untouchable(block);
    }
}

/* ---- giving memory back ---- */

static void frees_do_not_end_the_quarantine(void **state) {
    (void)state;
    (void)cm_reclaim(0);
    void *const large = get(100000);
    give(large);
    give(get(SIZE));
    const uint16_t held = cm_thread_self.hard->pools[CLASS].count;
    const uint64_t purged = cm_runs_purged;
    for (unsigned i = 0; i < MANY; i++) {
        blocks[i] = get(400);
    }
    wait_until_debt_is_paid();
    for (unsigned i = 0; i < MANY; i++) {
        give(blocks[i]);
    }
    assert_true(cm_runs_purged > purged);
    assert_true(held > 0);
    assert_int_equal(cm_thread_self.hard->pools[CLASS].count, held);
    assert_int_equal(place_of(large).kind, CM_KIND_HARD_FREED);
    (void)cm_reclaim(0);
    assert_null(cm_thread_self.hard);
    assert_int_equal(place_of(large).kind, CM_KIND_NONE);
}

/* ---- blocks of no bytes ---- */

static void blocks_of_no_bytes_cannot_be_touched(void **state) {
    (void)state;
    unsigned char *const one = get(0);
    unsigned char *const other = get(0);
    assert_ptr_not_equal(one, other);
    assert_true(is_aligned(one, CM_GRANULE));
    assert_true(cm_hard_is_zero(one));
    assert_false(cm_hard_is_zero(get(1)));
    assert_int_equal(cm_hard_size(place_of(one), one), 0);
    assert_untouchable(one);
    assert_untouchable(one - 1);
    give(one);
    assert_dies(free_it, one, "double free of");
    give(other);
}

/* When the numbers are used up, they are small blocks, of which some are of the sample. */
static void there_are_always_more_of_them(void **state) {
    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        blocks[i] = cm_hard_alloc(0, 1, NULL);
    }
    assert_false(cm_hard_is_zero(blocks[MANY - 1]));
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(cm_hard_size(place_of(blocks[i]), blocks[i]), 0);
        give(blocks[i]);
    }
    assert_null(cm_check());
}

static int start(void **state) {
    (void)state;
    return cm_hard_start() ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_slot_has_a_record_of_its_own),
        cmocka_unit_test(a_record_says_what_the_program_has),
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
        cmocka_unit_test(what_stays_resident_is_little),
        cmocka_unit_test(what_was_given_back_is_kept_where_there_is_no_limit),
        cmocka_unit_test(kept_runs_are_looked_at_whatever_becomes_of_them),
        cmocka_unit_test(displaced_runs_are_looked_at),
        cmocka_unit_test(runs_lie_between_guards),
        cmocka_unit_test(the_sample_ends_with_its_chunk),
        cmocka_unit_test(frees_do_not_end_the_quarantine),
        cmocka_unit_test(blocks_of_no_bytes_cannot_be_touched),
        cmocka_unit_test(there_are_always_more_of_them),
    };
    return cmocka_run_group_tests_name("hard", tests, start, NULL);
}

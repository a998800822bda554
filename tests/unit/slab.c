/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "host/footprint.h"
#include "host/runs.h"
#include "host/slab.h"

enum { MANY = 4096 * 5 / 2 };

static void *blocks[MANY];
static struct cm_lock lock = CM_LOCK_INITIALISER;

static unsigned take(struct cm_slab_list *list, unsigned class, void **into, unsigned count) {
    cm_lock_acquire(&lock);
    const unsigned taken = cm_slab_take(list, class, into, count, true, &lock);
    cm_lock_release(&lock);
    for (unsigned i = 0; i < taken; i++) {
        assert_int_equal(((uintptr_t *)into[i])[1], cm_free_mark());
    }
    return taken;
}

/* As a thread does: with the mark of free blocks. */
static void *give(struct cm_slab_list *list, unsigned class, void *const *from, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        ((uintptr_t *)from[i])[1] = cm_free_mark();
    }
    return cm_slab_give(list, class, from, count);
}

static void assert_sound(const struct cm_slab_list *list, unsigned class) {
    const char *const finding = cm_slab_check(list, class);
    if (finding != NULL) {
        fail_msg("class %u: %s", class, finding);
    }
}

static unsigned kind_of(const void *address) {
    return cm_section.kinds[cm_offset_in(&cm_section, address) / CM_CHUNK_SIZE];
}

static void assert_is_slot(const void *block, unsigned class) {
    const struct cm_region *const region = cm_region_of(block);
    assert_ptr_equal(region, &cm_section);
    assert_int_equal(kind_of(block), class);
    assert_true(cm_is_slot(class, cm_offset_in_slab(block)));
    assert_true(cm_slots_is_out(class, block));
}

static void give_all(struct cm_slab_list *list, unsigned class, unsigned count) {
    assert_null(give(list, class, blocks, count));
    assert_int_equal(list->out, 0);
    assert_sound(list, class);
    cm_slab_release_idle(list);
    assert_int_equal(list->slabs, 0);
    assert_null(list->first);
    assert_sound(list, class);
    assert_int_equal(cm_counted(&cm_footprint.small_bytes), 0);
    assert_int_equal(cm_counted(&cm_footprint.hollow), 0);
}

/* Two slabs and a half of every class. */
static void slots_are_distinct_and_whole(void **state) {
    (void)state;
    for (unsigned class = 1; class <= CM_CLASSES; class ++) {
        struct cm_slab_list list = {0};
        const unsigned slots = cm_classes[class].slots;
        const unsigned count = slots * 2 + slots / 2;
        const size_t size = cm_class_size(class);
        assert_true(count <= MANY);
        assert_int_equal(take(&list, class, blocks, count), count);
        assert_int_equal(list.out, count);
        assert_int_equal(list.slabs, 3);
        assert_sound(&list, class);
        for (unsigned i = 0; i < count; i++) {
            assert_is_slot(blocks[i], class);
            pattern_fill(blocks[i], size, i);
        }
        for (unsigned i = 0; i < count; i++) {
            assert_true(pattern_holds(blocks[i], size, i));
        }
        give_all(&list, class, count);
    }
}

static void slots_come_in_order_of_address(void **state) {
    (void)state;
    enum { CLASS = 4, COUNT = 200 };
    struct cm_slab_list list = {0};
    assert_int_equal(take(&list, CLASS, blocks, COUNT), COUNT);
    for (unsigned i = 1; i < COUNT; i++) {
        assert_true((uintptr_t)blocks[i] == (uintptr_t)blocks[i - 1] + cm_class_size(CLASS));
    }
    for (unsigned i = 0; i < COUNT; i += 3) {
        assert_null(give(&list, CLASS, &blocks[i], 1));
    }
    void *again[COUNT / 3 + 1];
    assert_int_equal(take(&list, CLASS, again, COUNT / 3 + 1), COUNT / 3 + 1);
    for (unsigned i = 0; i < COUNT / 3 + 1; i++) {
        assert_ptr_equal(again[i], blocks[3 * i]);
    }
    assert_sound(&list, CLASS);
    give_all(&list, CLASS, COUNT);
}

/* What was never out is not touched, so that it takes no memory; but within a chunk, where to free
 * what was never handed out must be noticed. */
static void slots_are_carved_by_the_chunk(void **state) {
    (void)state;
    enum { CLASS = 4, IN_CHUNK = CM_CHUNK_SIZE / 64 };
    struct cm_slab_list list = {0};
    assert_int_equal(take(&list, CLASS, blocks, 10), 10);
    const struct cm_slab *const slab = list.first;
    assert_int_equal(slab->carved, IN_CHUNK);
    assert_int_equal(slab->ready, 1);
    assert_int_equal(slab->reached, 10);
    for (unsigned i = 0; i < IN_CHUNK; i++) {
        assert_int_equal(((uintptr_t *)(void *)slab->memory)[8 * i + 1], cm_free_mark());
    }
    assert_int_equal(kind_of(slab->memory), CLASS);
    assert_int_equal(kind_of(slab->memory + CM_CHUNK_SIZE), CM_KIND_NONE);
    assert_null(give(&list, CLASS, blocks, 5));
    assert_int_equal(take(&list, CLASS, blocks, 7), 7);
    assert_int_equal(slab->out, 12);
    assert_int_equal(slab->reached, 12);
    assert_false(cm_slots_is_out(CLASS, slab->memory + 12 * 64));
    assert_int_equal(take(&list, CLASS, blocks, IN_CHUNK - 12), IN_CHUNK - 12);
    assert_int_equal(slab->ready, 1);
    assert_int_equal(take(&list, CLASS, blocks, 1), 1);
    assert_int_equal(slab->ready, 3);
    assert_int_equal(kind_of(slab->memory + CM_CHUNK_SIZE), CLASS);
    for (unsigned i = 0; i < IN_CHUNK + 1; i++) {
        blocks[i] = slab->memory + i * 64;
    }
    give_all(&list, CLASS, IN_CHUNK + 1);
    assert_int_equal(kind_of(blocks[0]), CM_KIND_NONE);
}

/* And no more: where a slot starts the mark is, and the rest of it may never be used. */
static void what_is_carved_is_asked_for_at_once(void **state) {
    (void)state;
    enum { SMALL = 4, LONG = 36, IN_CHUNK = CM_CHUNK_SIZE / 64 };
    (void)cm_runs_purge(0);
    struct cm_slab_list list = {0};
    assert_int_equal(take(&list, SMALL, blocks, 10), 10);
    assert_int_equal(list.first->bare, 0xfffe);
    assert_int_equal(take(&list, SMALL, blocks + 10, 3 * IN_CHUNK), 3 * IN_CHUNK);
    const struct cm_slab *const slab = list.first;
    assert_int_equal(slab->bare, 0xfff0);
    assert_int_equal(slab->ready, 0x000f);
    give_all(&list, SMALL, 10 + 3 * IN_CHUNK);
    assert_true(all_zero(slab, sizeof *slab));
    (void)cm_runs_purge(0);
    assert_int_equal(cm_class_size(LONG), 2 * CM_CHUNK_SIZE);
    assert_int_equal(take(&list, LONG, blocks, 2), 2);
    assert_int_equal(list.first->bare, 0xfffa);
    give_all(&list, LONG, 2);
}

/* Threads that take tiny slots do not come to share cache lines as long as whole ones are free. */
static void whole_lines_are_taken_first(void **state) {
    (void)state;
    for (unsigned class = 1; class <= 2; class ++) {
        struct cm_slab_list list = {0};
        const unsigned in_line = 4 / class;
        assert_int_equal(take(&list, class, blocks, 3 * in_line), 3 * in_line);
        void *const freed[] = {blocks[1], blocks[in_line], blocks[in_line + 1]};
        assert_null(give(&list, class, freed, 3));
        void *again[4];
        const unsigned whole = class == 1 ? 3 * in_line : in_line;
        assert_int_equal(take(&list, class, again, 2), 2);
        for (unsigned i = 0; i < 2; i++) {
            assert_ptr_equal(again[i], list.first->memory + (whole + i) * cm_class_size(class));
        }
        blocks[1] = again[0];
        blocks[in_line] = again[1];
        blocks[in_line + 1] = blocks[3 * in_line - 1];
        give_all(&list, class, 3 * in_line - 1);
    }
}

static void a_bad_address_is_told_from_others(void **state) {
    (void)state;
    enum { CLASS = 4 };
    struct cm_slab_list list = {0};
    assert_int_equal(take(&list, CLASS, blocks, 3), 3);
    unsigned char *const memory = list.first->memory;
    assert_int_equal(cm_slab_misuse(&cm_section, memory + 16), CHUNK_MISUSE_INTERIOR);
    assert_int_equal(cm_slab_misuse(&cm_section, memory + 3 * 64), CHUNK_MISUSE_OUTSIDE);
    assert_null(give(&list, CLASS, &blocks[1], 1));
    assert_int_equal(cm_slab_misuse(&cm_section, memory + 64), CHUNK_MISUSE_DOUBLE_FREE);
    blocks[1] = blocks[2];
    give_all(&list, CLASS, 2);
    assert_int_equal(cm_slab_misuse(&cm_section, memory), CHUNK_MISUSE_DOUBLE_FREE);
    const uint32_t last = cm_section.heap.chunks - 1;
    assert_int_equal(cm_slab_misuse(&cm_section, cm_chunk_address(&cm_section, last)),
                     CHUNK_MISUSE_OUTSIDE);
}

static void a_slot_given_twice_is_returned(void **state) {
    (void)state;
    for (unsigned class = 1; class <= CM_CLASSES; class += 5) {
        struct cm_slab_list list = {0};
        assert_int_equal(take(&list, class, blocks, 3), 3);
        void *const twice[] = {blocks[1], blocks[1], blocks[2]};
        assert_ptr_equal(give(&list, class, twice, 3), blocks[1]);
        assert_false(cm_slots_is_out(class, blocks[1]));
        assert_true(cm_slots_is_out(class, blocks[2]));
        assert_int_equal(list.out, 2);
        assert_sound(&list, class);
        blocks[1] = blocks[2];
        give_all(&list, class, 2);
    }
}

static void a_slot_never_out_is_returned(void **state) {
    (void)state;
    struct cm_slab_list list = {0};
    assert_int_equal(take(&list, 2, blocks, 3), 3);
    void *const never = list.first->memory + 3 * cm_class_size(2);
    assert_ptr_equal(give(&list, 2, &never, 1), never);
    give_all(&list, 2, 3);
}

/* A program at the edge of a slab does not make one and give it back again and again. */
static void one_idle_slab_is_kept(void **state) {
    (void)state;
    enum { CLASS = 32 };
    struct cm_slab_list list = {0};
    const unsigned slots = cm_classes[CLASS].slots;
    assert_int_equal(take(&list, CLASS, blocks, 3 * slots), 3 * slots);
    assert_null(list.first);
    assert_null(give(&list, CLASS, blocks, 3 * slots));
    assert_int_equal(list.slabs, 1);
    assert_int_equal(list.idle, 1);
    assert_sound(&list, CLASS);
    assert_int_equal(take(&list, CLASS, blocks, 1), 1);
    assert_int_equal(list.idle, 0);
    assert_int_equal(list.slabs, 1);
    give_all(&list, CLASS, 1);
}

static void a_slab_given_back_can_become_one_of_another_class(void **state) {
    (void)state;
    struct cm_slab_list small = {0};
    struct cm_slab_list other = {0};
    assert_int_equal(take(&small, 1, blocks, 100), 100);
    unsigned char *const memory = small.first->memory;
    give_all(&small, 1, 100);
    assert_int_equal(take(&other, 20, blocks, 2), 2);
    assert_ptr_equal(other.first->memory, memory);
    assert_is_slot(blocks[1], 20);
    void *const stale = memory + 16;
    assert_non_null(give(&small, 1, &stale, 1));
    assert_false(cm_slots_is_out(1, memory));
    give_all(&other, 20, 2);
}

/* Chunks of a slab in which no slot is out go back to the system, and the others stay. */
static void empty_chunks_are_given_back(void **state) {
    (void)state;
    enum { CLASS = 8, KEPT = 40 };
    struct cm_slab_list list = {0};
    const unsigned slots = cm_classes[CLASS].slots;
    assert_int_equal(take(&list, CLASS, blocks, slots), slots);
    struct cm_slab *const slab = cm_slab_row(&cm_section, blocks[0]);
    for (unsigned i = 0; i < slots; i++) {
        memset(blocks[i], 9, 128);
    }
    void *const kept = blocks[KEPT];
    blocks[KEPT] = blocks[slots - 1];
    assert_null(give(&list, CLASS, blocks, slots - 1));
    assert_int_equal(list.slabs, 1);
    cm_lock_acquire(&lock);
    assert_int_equal(cm_slab_hollow(&list, slab, &lock), 15 * CM_CHUNK_SIZE);
    assert_int_equal(cm_slab_hollow(&list, slab, &lock), 0);
    assert_int_equal(cm_counted(&cm_footprint.hollow), 15);
    cm_lock_release(&lock);
    assert_sound(&list, CLASS);
    unsigned char *const in_use = (unsigned char *)((uintptr_t)kept & ~(CM_CHUNK_SIZE - 1));
    for (size_t i = 0; i < CM_SLAB_SIZE; i += CM_CHUNK_SIZE) {
        const bool stays = slab->memory + i == in_use;
        assert_int_equal(all_zero(slab->memory + i, CM_CHUNK_SIZE), !stays);
    }
    assert_int_equal(*(unsigned char *)kept, 9);
    assert_int_equal(take(&list, CLASS, blocks, slots - 1), slots - 1);
    for (unsigned i = 0; i < slots - 1; i++) {
        assert_ptr_not_equal(blocks[i], kept);
        memset(blocks[i], 7, 128);
    }
    assert_sound(&list, CLASS);
    blocks[slots - 1] = kept;
    give_all(&list, CLASS, slots);
}

static void the_check_finds_what_is_wrong(void **state) {
    (void)state;
    struct cm_slab_list list = {0};
    assert_int_equal(take(&list, 3, blocks, 70), 70);
    struct cm_slab *const slab = list.first;
    uint16_t *const counts[] = {&slab->carved, &slab->out};
    for (size_t i = 0; i < 2; i++) {
        const uint16_t kept = *counts[i];
        *counts[i] = (uint16_t)(kept + 1);
        assert_non_null(cm_slab_check(&list, 3));
        *counts[i] = kept;
    }
    slab->bits[1] ^= 1;
    assert_non_null(cm_slab_check(&list, 3));
    slab->bits[1] ^= 1;
    list.idle++;
    assert_non_null(cm_slab_check(&list, 3));
    list.idle--;
    slab->previous = slab;
    assert_non_null(cm_slab_check(&list, 3));
    slab->previous = NULL;
    assert_non_null(cm_slab_check(&list, 4));
    assert_sound(&list, 3);
    give_all(&list, 3, 70);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_distinct_and_whole),
        cmocka_unit_test(slots_come_in_order_of_address),
        cmocka_unit_test(slots_are_carved_by_the_chunk),
        cmocka_unit_test(what_is_carved_is_asked_for_at_once),
        cmocka_unit_test(whole_lines_are_taken_first),
        cmocka_unit_test(a_bad_address_is_told_from_others),
        cmocka_unit_test(a_slot_given_twice_is_returned),
        cmocka_unit_test(a_slot_never_out_is_returned),
        cmocka_unit_test(one_idle_slab_is_kept),
        cmocka_unit_test(a_slab_given_back_can_become_one_of_another_class),
        cmocka_unit_test(empty_chunks_are_given_back),
        cmocka_unit_test(the_check_finds_what_is_wrong),
    };
    return cmocka_run_group_tests_name("slab", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* chunk_heap_check finds every broken bit of the bookkeeping that breaks an invariant. */
#include "fixture.h"

#include "core/index.h"

enum { UNIT = 16 };

/* Live and free runs of many lengths over several words, the last one live. */
static void populate(const struct fixture *fixture) {
    void *blocks[400];
    size_t count = 0;
    for (size_t length = 1; count < 40; length = length * 5 / 4 + 1) {
        blocks[count++] = fixture_block(fixture, length < 200 ? length : 7, 0);
    }
    for (size_t i = 0; i + 1 < count; i++) {
        if (i % 3 != 0) {
            chunk_free(&fixture->heap, blocks[i]);
        }
    }
}

static void create(struct fixture *fixture) {
    fixture_create(fixture, 4200, UNIT, fixture_flags);
    populate(fixture);
    assert_null(chunk_heap_check(&fixture->heap, CHUNK_CHECK_EXHAUSTIVE));
}

/* Any value of these is possible in a sound heap. */
static bool is_free_to_vary(const struct fixture *fixture, const unsigned char *byte) {
    const struct chunk_heap_state *const state = fixture->heap.state;
    const struct {
        const void *start;
        size_t size;
    } fields[] = {
        {&state->touched, sizeof state->touched},
        {&state->peak, sizeof state->peak},
        {&state->failures, sizeof state->failures},
        {&state->allocations, sizeof state->allocations},
        {&state->granted, sizeof state->granted},
        {&state->opened, sizeof state->opened},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if ((uintptr_t)byte - (uintptr_t)fields[i].start < fields[i].size) {
            return true;
        }
    }
    return false;
}

static bool is_node_in_use(const struct fixture *fixture, const unsigned char *byte) {
    const uintptr_t offset = (uintptr_t)byte - (uintptr_t)fixture->heap.nodes;
    const size_t chunk = offset / sizeof(struct chunk_node);
    if (fixture->heap.nodes == fixture->heap.memory || chunk >= fixture->heap.chunks) {
        return true;
    }
    return chunk_bitmap_is_free(&fixture->heap, (uint32_t)chunk);
}

/* The state, and the index, may end in padding. */
static bool is_padding(const struct fixture *fixture, const unsigned char *byte) {
    const struct chunk_heap *const heap = &fixture->heap;
    const size_t size = CHUNK_HEAP_MAPS_SIZE_(heap->chunks) + CHUNK_HEAP_HEADS_SIZE_(heap->chunks);
    const unsigned char *const gaps[][2] = {
        {(unsigned char *)(&heap->state->failures + 1), (unsigned char *)&heap->state->allocations},
        {(unsigned char *)heap->maps + size, (unsigned char *)heap->bits},
    };
    return (byte >= gaps[0][0] && byte < gaps[0][1]) || (byte >= gaps[1][0] && byte < gaps[1][1]);
}

/* Second bits have no meaning where no run starts, but in a word that says how far a run is: the
 * first and the last of those that it fills, if they are more than one. */
static chunk_word meaningful_bits(const struct fixture *fixture, uint32_t word) {
    const struct chunk_heap *const heap = &fixture->heap;
    const uint32_t frontier = heap->state->frontier;
    const chunk_word starts = heap->bits[(size_t)word * 2];
    if (starts != 0 || word > frontier / BITS_WORD) {
        return starts;
    }
    const bool after = heap->bits[(size_t)(word - 1) * 2] != 0;
    const bool before = heap->bits[(size_t)(word + 1) * 2] != 0;
    return after != before ? ~(chunk_word)0 : 0;
}

static bool is_meaningless_bit(const struct fixture *fixture, const unsigned char *byte,
                               unsigned bit) {
    const uintptr_t offset = (uintptr_t)byte - (uintptr_t)fixture->heap.bits;
    const size_t word = offset / sizeof(chunk_word);
    if (word >= CHUNK_HEAP_BITS_WORDS_(fixture->heap.chunks) || word % 2 == 0) {
        return false;
    }
    const chunk_word meaningful = meaningful_bits(fixture, (uint32_t)(word / 2));
    const unsigned char *const bytes = (const unsigned char *)&meaningful;
    return (bytes[offset % sizeof meaningful] >> bit & 1) == 0;
}

static void every_bit_of_the_bookkeeping_is_checked(void **state) {
    (void)state;
    struct fixture fixture;
    create(&fixture);
    size_t flipped = 0;
    for (size_t i = 0; i < fixture.beside.size; i++) {
        unsigned char *const byte = fixture.beside.bytes + i;
        if (is_free_to_vary(&fixture, byte) || !is_node_in_use(&fixture, byte) ||
            is_padding(&fixture, byte)) {
            continue;
        }
        for (unsigned bit = 0; bit < 8; bit++) {
            if (is_meaningless_bit(&fixture, byte, bit)) {
                continue;
            }
            *byte ^= (unsigned char)(1u << bit);
            if (chunk_heap_check(&fixture.heap, CHUNK_CHECK_EXHAUSTIVE) == NULL) {
                fail_msg("bit %u of byte %zu may change", bit, i);
            }
            *byte ^= (unsigned char)(1u << bit);
            flipped++;
        }
    }
    assert_true(flipped > 10000);
    fixture_end(&fixture);
}

static void both_words_of_a_long_run_are_checked(void **state) {
    (void)state;
    struct fixture fixture;
    const uint32_t length = BITS_WORD * BITS_WORD;
    fixture_create(&fixture, 2 * length, UNIT, CHUNK_HEAP_NODES_OUTSIDE);
    (void)chunk_alloc(&fixture.heap, (size_t)length * UNIT);
    (void)chunk_alloc(&fixture.heap, UNIT);
    assert_null(chunk_heap_check(&fixture.heap, CHUNK_CHECK_EXHAUSTIVE));
    chunk_word *const words[] = {&fixture.heap.bits[3],
                                 &fixture.heap.bits[2 * (BITS_WORD - 1) + 1]};
    for (size_t i = 0; i < 2; i++) {
        for (unsigned bit = 0; bit < BITS_WORD; bit++) {
            *words[i] ^= (chunk_word)1 << bit;
            assert_non_null(chunk_heap_check(&fixture.heap, CHUNK_CHECK_EXHAUSTIVE));
            *words[i] ^= (chunk_word)1 << bit;
        }
    }
    fixture_end(&fixture);
}

static void assert_cheaply_found(const struct fixture *fixture, uint32_t *field, uint32_t value) {
    const uint32_t kept = *field;
    *field = value;
    assert_non_null(chunk_heap_check(&fixture->heap, CHUNK_CHECK_CHEAP));
    assert_non_null(chunk_heap_check(&fixture->heap, CHUNK_CHECK_EXHAUSTIVE));
    *field = kept;
    assert_null(chunk_heap_check(&fixture->heap, CHUNK_CHECK_CHEAP));
}

static void counters_and_maps_are_checked_cheaply(void **state) {
    (void)state;
    struct fixture fixture;
    create(&fixture);
    struct chunk_heap_state *const heap = fixture.heap.state;
    assert_cheaply_found(&fixture, &heap->frontier, fixture.heap.chunks + 1);
    assert_cheaply_found(&fixture, &heap->frontier, heap->used - 1);
    assert_cheaply_found(&fixture, &heap->touched, heap->frontier - 1);
    assert_cheaply_found(&fixture, &heap->peak, heap->touched + 1);
    assert_cheaply_found(&fixture, &heap->touched, fixture.heap.chunks + 1);
    assert_cheaply_found(&fixture, &heap->opened, fixture.heap.chunks + 1);
    assert_cheaply_found(&fixture, &heap->used, heap->frontier + 1);
    assert_cheaply_found(&fixture, &heap->peak, heap->used - 1);
    assert_cheaply_found(&fixture, &heap->live, heap->used + 1);
    assert_cheaply_found(&fixture, &heap->free, heap->frontier - heap->used + 1);
    assert_cheaply_found(&fixture, &heap->free, 0);
    assert_cheaply_found(&fixture, &heap->rows, 0);
    const uint32_t rows = CHUNK_HEAP_ROWS_(fixture.heap.chunks);
    for (uint32_t row = 0; row < 32; row++) {
        assert_cheaply_found(&fixture, &heap->rows, heap->rows ^ (uint32_t)1 << row);
    }
    for (uint32_t row = 0; row < rows; row++) {
        uint32_t *const map = &fixture.heap.maps[row];
        for (uint32_t bit = 0; bit < 32; bit++) {
            assert_cheaply_found(&fixture, map, *map ^ (uint32_t)1 << bit);
        }
    }
    for (uint32_t list = 0; list < rows * INDEX_ROW; list++) {
        chunk_link *const head = &fixture.heap.heads[list];
        const chunk_link kept = *head;
        *head = kept == 0 ? 1 : 0;
        assert_non_null(chunk_heap_check(&fixture.heap, CHUNK_CHECK_CHEAP));
        *head = kept;
    }
    fixture_end(&fixture);
}

static void what_only_the_whole_can_show(void **state) {
    (void)state;
    struct fixture fixture;
    create(&fixture);
    struct chunk_heap_state *const heap = fixture.heap.state;
    uint32_t *const fields[] = {&heap->used, &heap->live, &heap->free};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        *fields[i] -= 1;
        assert_null(chunk_heap_check(&fixture.heap, CHUNK_CHECK_CHEAP));
        assert_non_null(chunk_heap_check(&fixture.heap, CHUNK_CHECK_EXHAUSTIVE));
        *fields[i] += 1;
    }
    fixture_end(&fixture);
}

/* The first, of two free runs of two chunks each at chunks 0 and 3, is the last of their list. */
static void create_list_of_two(struct fixture *fixture) {
    fixture_create(fixture, 10, UNIT, fixture_flags);
    void *const first = fixture_block(fixture, 2, 0);
    (void)fixture_block(fixture, 1, 0);
    void *const second = fixture_block(fixture, 2, 0);
    (void)fixture_block(fixture, 1, 0);
    chunk_free(&fixture->heap, first);
    chunk_free(&fixture->heap, second);
    assert_int_equal(chunk_index_node(&fixture->heap, 0)->next, chunk_index_masked(0));
}

static void a_run_that_no_list_leads_to_is_found(void **state) {
    (void)state;
    struct fixture fixture;
    create_list_of_two(&fixture);
    struct chunk_node *const head = chunk_index_node(&fixture.heap, 3);
    const chunk_link next = head->next;
    head->next = chunk_index_masked(0);
    assert_string_equal(chunk_heap_check(&fixture.heap, CHUNK_CHECK_EXHAUSTIVE),
                        "a free run is in no list");
    head->next = next;
    fixture_end(&fixture);
}

static void a_list_that_is_a_ring_ends_the_check(void **state) {
    (void)state;
    struct fixture fixture;
    create_list_of_two(&fixture);
    struct chunk_node *const last = chunk_index_node(&fixture.heap, 0);
    struct chunk_node *const head = chunk_index_node(&fixture.heap, 3);
    const chunk_link none = chunk_index_masked(0);
    last->next = chunk_index_masked(4);
    head->previous = chunk_index_masked(1);
    assert_non_null(chunk_heap_check(&fixture.heap, CHUNK_CHECK_EXHAUSTIVE));
    last->next = none;
    head->previous = none;
    fixture_end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bit_of_the_bookkeeping_is_checked),
        cmocka_unit_test(both_words_of_a_long_run_are_checked),
        cmocka_unit_test(counters_and_maps_are_checked_cheaply),
        cmocka_unit_test(what_only_the_whole_can_show),
        cmocka_unit_test(a_run_that_no_list_leads_to_is_found),
        cmocka_unit_test(a_list_that_is_a_ring_ends_the_check),
    };
    return cmocka_run_group_tests_name("check, nodes inside", tests, fixture_inside, NULL) +
           cmocka_run_group_tests_name("check, nodes outside", tests, fixture_outside, NULL);
}

/* SPDX-License-Identifier: MIT */
/* chunk_resize and chunk_realloc: each change of size beside each kind of neighbour. */
#include "fixture.h"

enum { UNIT = 32, OLD = 4, SIDE = 3, ABOVE = 5, ELSEWHERE = 20 };

enum left { LEFT_NOTHING, LEFT_LIVE, LEFT_FREE, LEFT_COUNT };
enum right {
    RIGHT_END,           /* the heap ends */
    RIGHT_LIVE,          /* a live block */
    RIGHT_FREE_LIVE,     /* a free run, then a live block */
    RIGHT_FREE_END,      /* a free run, then the heap ends */
    RIGHT_FRONTIER,      /* chunks never handed out */
    RIGHT_FREE_FRONTIER, /* a free run, then chunks never handed out */
    RIGHT_COUNT
};

struct layout {
    struct fixture fixture;
    unsigned char *block;
    size_t room;                  /* chunks by which it can grow in place */
    size_t room_left;             /* free chunks on its left */
    unsigned char *gap;           /* the last free run of SIDE chunks to become so, or NULL */
    unsigned char *neighbours[2]; /* live ones, or NULL */
};

static bool has_free_right(enum right right) {
    return right == RIGHT_FREE_LIVE || right == RIGHT_FREE_END || right == RIGHT_FREE_FRONTIER;
}

static bool has_frontier(enum right right) {
    return right == RIGHT_FRONTIER || right == RIGHT_FREE_FRONTIER;
}

static bool has_live_right(enum right right) {
    return right == RIGHT_LIVE || right == RIGHT_FREE_LIVE;
}

static size_t if_so(bool condition, size_t chunks) {
    return condition ? chunks : 0;
}

static uint32_t chunks_of(enum left left, enum right right, size_t elsewhere) {
    return (uint32_t)(elsewhere + if_so(elsewhere > 0, 1) + if_so(left != LEFT_NOTHING, SIDE) +
                      OLD + if_so(has_free_right(right), SIDE) +
                      if_so(has_live_right(right), SIDE) + if_so(has_frontier(right), ABOVE));
}

static unsigned char *block_if(const struct fixture *fixture, bool condition, size_t chunks,
                               uint64_t seed) {
    return condition ? fixture_block(fixture, chunks, seed) : NULL;
}

/* elsewhere: chunks of another free run, which a block that moves could use. */
static void create(struct layout *layout, enum left left, enum right right, size_t elsewhere) {
    struct fixture *const fixture = &layout->fixture;
    *layout = (struct layout){.room = 0};
    fixture_create(fixture, chunks_of(left, right, elsewhere), UNIT, fixture_flags);
    void *const far = block_if(fixture, elsewhere > 0, elsewhere, 90);
    (void)block_if(fixture, elsewhere > 0, 1, 91);
    void *const low = block_if(fixture, left != LEFT_NOTHING, SIDE, 1);
    layout->block = fixture_block(fixture, OLD, 7);
    void *const high = block_if(fixture, has_free_right(right), SIDE, 2);
    layout->neighbours[0] = left == LEFT_LIVE ? low : NULL;
    layout->neighbours[1] = block_if(fixture, has_live_right(right), SIDE, 3);
    layout->room = if_so(has_free_right(right), SIDE) + if_so(has_frontier(right), ABOVE);
    layout->room_left = if_so(left == LEFT_FREE, SIDE);
    if (left == LEFT_FREE) {
        chunk_free(&fixture->heap, low);
        layout->gap = low;
    }
    if (right == RIGHT_FREE_LIVE) {
        layout->gap = high;
    }
    chunk_free(&fixture->heap, high);
    chunk_free(&fixture->heap, far);
}

static void end(struct layout *layout) {
    struct fixture *const fixture = &layout->fixture;
    if (layout->neighbours[0] != NULL) {
        fixture_assert_pattern(fixture, layout->neighbours[0], SIDE, 1);
    }
    if (layout->neighbours[1] != NULL) {
        fixture_assert_pattern(fixture, layout->neighbours[1], SIDE, 3);
    }
    fixture_end(fixture);
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static void assert_block(const struct layout *layout, const void *block, size_t length) {
    assert_int_equal(chunk_usable_size(&layout->fixture.heap, block), length * UNIT);
    fixture_assert_pattern(&layout->fixture, block, smaller(OLD, length), 7);
}

static void try_resize(enum left left, enum right right, size_t length) {
    struct layout layout;
    create(&layout, left, right, 0);
    const size_t used = fixture_stats(&layout.fixture).used;
    const bool wanted = length <= OLD + layout.room;
    const size_t size = length * UNIT - UNIT + 1;
    assert_int_equal(chunk_resize(&layout.fixture.heap, layout.block, size), wanted);
    assert_block(&layout, layout.block, wanted ? length : OLD);
    assert_int_equal(fixture_stats(&layout.fixture).used, wanted ? used - OLD + length : used);
    end(&layout);
}

static void resize_beside_every_neighbour(void **state) {
    (void)state;
    for (enum left left = 0; left < LEFT_COUNT; left++) {
        for (enum right right = 0; right < RIGHT_COUNT; right++) {
            for (size_t length = 1; length <= OLD + SIDE + ABOVE + 2; length++) {
                try_resize(left, right, length);
            }
        }
    }
}

/* Where the block must be afterwards; NULL if it cannot grow. */
static unsigned char *place_wanted(const struct layout *layout, size_t length, size_t elsewhere) {
    if (length == SIDE && layout->gap != NULL) {
        return layout->gap; /* which it fills */
    }
    if (length <= OLD + layout->room) {
        return layout->block;
    }
    if (length <= elsewhere) {
        return layout->fixture.memory.bytes;
    }
    return length <= layout->room_left + OLD + layout->room
               ? layout->block - layout->room_left * UNIT
               : NULL;
}

static void try_realloc(enum left left, enum right right, size_t length, size_t elsewhere) {
    struct layout layout;
    create(&layout, left, right, elsewhere);
    unsigned char *const wanted = place_wanted(&layout, length, elsewhere);
    const size_t used = fixture_stats(&layout.fixture).used;
    assert_ptr_equal(chunk_realloc(&layout.fixture.heap, layout.block, length * UNIT), wanted);
    assert_block(&layout, wanted != NULL ? wanted : layout.block, wanted != NULL ? length : OLD);
    assert_int_equal(fixture_stats(&layout.fixture).used,
                     wanted != NULL ? used - OLD + length : used);
    end(&layout);
}

static void realloc_beside_every_neighbour(void **state) {
    (void)state;
    for (enum left left = 0; left < LEFT_COUNT; left++) {
        for (enum right right = 0; right < RIGHT_COUNT; right++) {
            for (size_t length = 1; length <= OLD + 2 * SIDE + ABOVE + 2; length++) {
                try_realloc(left, right, length, 0);
                try_realloc(left, right, length, ELSEWHERE);
            }
        }
    }
}

static void sizes_around_powers_of_two(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 4096 + 1, UNIT, fixture_flags);
    unsigned char *block = fixture_block(&fixture, 1, 5);
    for (size_t power = UNIT; power <= (size_t)4096 * UNIT; power *= 2) {
        for (size_t size = power - 1; size <= power + 1; size++) {
            assert_true(chunk_resize(&fixture.heap, block, size));
            assert_int_equal(chunk_usable_size(&fixture.heap, block),
                             (size + UNIT - 1) / UNIT * UNIT);
            fixture_assert_pattern(&fixture, block, 1, 5);
        }
    }
    assert_true(chunk_resize(&fixture.heap, block, 0));
    assert_int_equal(chunk_usable_size(&fixture.heap, block), UNIT);
    fixture_assert_pattern(&fixture, block, 1, 5);
    fixture_end(&fixture);
}

static void a_shrunk_block_gives_its_tail_back(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 100, UNIT, fixture_flags);
    unsigned char *const block = fixture_block(&fixture, 100, 5);
    assert_true(chunk_resize(&fixture.heap, block, (size_t)UNIT * 30));
    assert_ptr_equal(chunk_alloc(&fixture.heap, (size_t)UNIT * 70), block + (size_t)UNIT * 30);
    fixture_assert_pattern(&fixture, block, 30, 5);
    fixture_end(&fixture);
}

static void realloc_of_nothing_allocates(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 2, UNIT, fixture_flags);
    void *const first = chunk_realloc(&fixture.heap, NULL, UNIT);
    assert_ptr_equal(first, fixture.memory.bytes);
    assert_null(chunk_realloc(&fixture.heap, NULL, UNIT + 1));
    assert_ptr_equal(chunk_realloc(&fixture.heap, first, 0), first);
    fixture_end(&fixture);
}

static void sliding_down_is_not_counted_as_more_than_it_takes(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 8, 16, fixture_flags);
    (void)fixture_block(&fixture, 1, 0);
    void *const block = chunk_alloc_aligned(&fixture.heap, 64, 64);
    assert_ptr_equal(block, fixture_chunk(&fixture, 4));
    assert_ptr_equal(chunk_realloc(&fixture.heap, block, 96), fixture_chunk(&fixture, 1));
    assert_int_equal(fixture_stats(&fixture).peak, 7);
    fixture_end(&fixture);
}

/* The last but one of five gaps is as long as the block will be, or one chunk longer. */
static void a_block_that_shrinks_moves_where_it_fits(void **state) {
    (void)state;
    enum { WHOLE = 64, COUNT = 5 };
    for (size_t length = 1; length <= WHOLE; length++) {
        for (size_t more = 0; more < 5; more++) {
            struct fixture fixture;
            unsigned char *gaps[COUNT];
            fixture_create(&fixture, 1000, UNIT, fixture_flags);
            for (size_t i = 0; i < COUNT; i++) {
                gaps[i] = fixture_block(&fixture, i == 3 ? length + more : 100, 1);
                (void)fixture_block(&fixture, 1, 2);
            }
            unsigned char *const block = fixture_block(&fixture, WHOLE, 3);
            (void)fixture_block(&fixture, 1, 2);
            for (size_t i = 0; i < COUNT; i++) {
                chunk_free(&fixture.heap, gaps[i]);
            }
            const size_t less = WHOLE - length;
            const bool moves = less > WHOLE / 8 && more <= less / 16;
            unsigned char *const place = chunk_realloc(&fixture.heap, block, length * UNIT);
            assert_ptr_equal(place, moves ? gaps[3] : block);
            fixture_assert_pattern(&fixture, place, length, 3);
            assert_int_equal(chunk_usable_size(&fixture.heap, place), length * UNIT);
            assert_int_equal(fixture_stats(&fixture).used, COUNT + 1 + length);
            fixture_end(&fixture);
        }
    }
}

/* A vector that doubles beside a heap's other blocks keeps its contents wherever it goes. */
static void a_growing_vector_keeps_its_contents(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_create(&fixture, 1000, UNIT, fixture_flags);
    unsigned char *vector = fixture_block(&fixture, 1, 5);
    for (size_t length = 1; length < 300; length = length * 3 / 2 + 1) {
        (void)fixture_block(&fixture, 1 + length / 8, 6);
        vector = chunk_realloc(&fixture.heap, vector, (length * 3 / 2 + 1) * UNIT);
        assert_non_null(vector);
        fixture_assert_pattern(&fixture, vector, length, 5);
        pattern_fill(vector, (length * 3 / 2 + 1) * UNIT, 5);
    }
    fixture_end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resize_beside_every_neighbour),
        cmocka_unit_test(realloc_beside_every_neighbour),
        cmocka_unit_test(sizes_around_powers_of_two),
        cmocka_unit_test(a_shrunk_block_gives_its_tail_back),
        cmocka_unit_test(realloc_of_nothing_allocates),
        cmocka_unit_test(sliding_down_is_not_counted_as_more_than_it_takes),
        cmocka_unit_test(a_block_that_shrinks_moves_where_it_fits),
        cmocka_unit_test(a_growing_vector_keeps_its_contents),
    };
    return cmocka_run_group_tests_name("resize, nodes inside", tests, fixture_inside, NULL) +
           cmocka_run_group_tests_name("resize, nodes outside", tests, fixture_outside, NULL);
}

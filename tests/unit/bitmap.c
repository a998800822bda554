/* SPDX-License-Identifier: MIT */
/* The bitmap alone, against an array of starts. */
#include "fixture.h"

#include "core/bitmap.h"

enum { W = BITS_WORD };

struct map {
    struct fixture fixture;
    bool *starts; /* and the wall */
    bool *live;
    uint32_t chunks;
};

static void create(struct map *map, uint32_t chunks) {
    fixture_create(&map->fixture, chunks, 16, CHUNK_HEAP_NODES_OUTSIDE);
    map->starts = calloc(chunks + 1, sizeof *map->starts);
    map->live = calloc(chunks + 1, sizeof *map->live);
    map->chunks = chunks;
    assert_non_null(map->starts);
    assert_non_null(map->live);
    chunk_bitmap_mark(&map->fixture.heap, chunks, chunks, true);
    map->starts[chunks] = true;
    map->live[chunks] = true;
    chunk_bitmap_mark(&map->fixture.heap, 0, chunks, false);
    map->starts[0] = true;
}

static void destroy(struct map *map) {
    free(map->starts);
    free(map->live);
    area_destroy(&map->fixture.memory);
    area_destroy(&map->fixture.beside);
}

/* The first start above the chunk, which is not the wall. */
static uint32_t next(const struct map *map, uint32_t chunk) {
    do {
        chunk++;
    } while (!map->starts[chunk]);
    return chunk;
}

/* The last start at or below the chunk. */
static uint32_t start_of(const struct map *map, uint32_t chunk) {
    while (!map->starts[chunk]) {
        chunk--;
    }
    return chunk;
}

static void mark(struct map *map, uint32_t chunk, bool live) {
    const struct chunk_heap *const heap = &map->fixture.heap;
    map->starts[chunk] = true;
    map->live[chunk] = live;
    chunk_bitmap_mark(heap, chunk, next(map, chunk), live);
    if (chunk > 0) {
        const uint32_t before = start_of(map, chunk - 1);
        chunk_bitmap_mark(heap, before, chunk, map->live[before]);
    }
}

static void join(struct map *map, uint32_t chunk) {
    const struct chunk_heap *const heap = &map->fixture.heap;
    const uint32_t before = start_of(map, chunk - 1);
    map->starts[chunk] = false;
    chunk_bitmap_clear(heap, chunk);
    chunk_bitmap_mark(heap, before, next(map, before), map->live[before]);
}

static void compare_at(const struct map *map, uint32_t chunk) {
    const struct chunk_heap *const heap = &map->fixture.heap;
    const bool start = map->starts[chunk];
    assert_int_equal(chunk_bitmap_is_start(heap, chunk), start);
    assert_int_equal(chunk_bitmap_is_live(heap, chunk), start && map->live[chunk]);
    assert_int_equal(chunk_bitmap_is_free(heap, chunk), start && !map->live[chunk]);
    if (chunk < map->chunks) {
        assert_int_equal(chunk_bitmap_start_of(heap, chunk), start_of(map, chunk));
    }
    if (start && chunk < map->chunks) {
        assert_int_equal(chunk_bitmap_next(heap, chunk), next(map, chunk));
    }
    if (start && chunk > 0) {
        assert_int_equal(chunk_bitmap_previous(heap, chunk), start_of(map, chunk - 1));
    }
}

static void compare(const struct map *map) {
    for (uint32_t chunk = 0; chunk <= map->chunks; chunk++) {
        compare_at(map, chunk);
    }
}

static void every_place_of_two_starts(void **state) {
    (void)state;
    static const uint32_t counts[] = {1, 2, W - 1, W, W + 1, 2 * W, 3 * W, 4 * W - 1, 4 * W + 3};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct map map;
        create(&map, counts[i]);
        compare(&map);
        for (uint32_t start = 1; start < counts[i]; start++) {
            mark(&map, start, start % 2 == 0);
            compare(&map);
            join(&map, start);
        }
        compare(&map);
        destroy(&map);
    }
}

/* Runs from any place in a word, over any number of whole words, to any place in another. */
static void runs_over_whole_words(void **state) {
    (void)state;
    enum { WORDS = 9 };
    struct map map;
    create(&map, WORDS * W);
    for (uint32_t whole = 0; whole < WORDS - 2; whole++) {
        for (uint32_t from = 0; from < W; from += 7) {
            for (uint32_t to = 0; to < W; to += 9) {
                const uint32_t start = W + from;
                const uint32_t end = (2 + whole) * W + to;
                mark(&map, start, true);
                mark(&map, end, false);
                compare_at(&map, 0);
                compare_at(&map, start);
                compare_at(&map, start + 1);
                compare_at(&map, end - 1);
                compare_at(&map, end);
                compare_at(&map, map.chunks);
                join(&map, start);
                compare_at(&map, end);
                join(&map, end);
                compare_at(&map, map.chunks);
            }
        }
    }
    compare(&map);
    destroy(&map);
}

/* However long a run is, both its ends are found from either. */
static void far_starts(void **state) {
    (void)state;
    static const uint32_t counts[] = {W * W, W * W + 1, W * W * W, W * W * W + 1, W * W * W * 3};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct map map;
        const uint32_t last = counts[i] - 1;
        create(&map, counts[i]);
        for (uint32_t distance = 1; distance < last; distance *= 4) {
            mark(&map, last, true);
            mark(&map, last - distance, false);
            compare_at(&map, 0);
            compare_at(&map, last);
            compare_at(&map, last - distance);
            compare_at(&map, last - distance + 1);
            join(&map, last);
            compare_at(&map, last - distance);
            join(&map, last - distance);
        }
        compare_at(&map, 0);
        compare_at(&map, map.chunks);
        destroy(&map);
    }
}

static void random_changes(void **state) {
    (void)state;
    static const uint32_t counts[] = {64, 65, 1000, 5000, 300000};
    struct support_random random = {.state = 7};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct map map;
        create(&map, counts[i]);
        for (int round = 0; round < 4000; round++) {
            const uint32_t chunk = (uint32_t)random_below(&random, counts[i]);
            if (chunk == 0 || !map.starts[chunk]) {
                mark(&map, chunk, random_below(&random, 2) == 0);
            } else {
                join(&map, chunk);
            }
            if (random_below(&random, 500) == 0) {
                for (uint32_t start = next(&map, 0); start < counts[i]; start = next(&map, 0)) {
                    join(&map, start);
                }
            }
            compare_at(&map, chunk);
            compare_at(&map, start_of(&map, chunk));
            compare_at(&map, next(&map, chunk));
        }
        destroy(&map);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_place_of_two_starts),
        cmocka_unit_test(runs_over_whole_words),
        cmocka_unit_test(far_starts),
        cmocka_unit_test(random_changes),
    };
    return cmocka_run_group_tests_name("bitmap", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* The bitmap alone, against an array of flags. */
#include "fixture.h"

#include "core/bitmap.h"

struct map {
    struct fixture fixture;
    bool *starts;
    uint32_t chunks;
};

static void create(struct map *map, uint32_t chunks) {
    fixture_create(&map->fixture, chunks, 16, CHUNK_HEAP_NODES_OUTSIDE);
    map->starts = calloc(chunks, sizeof *map->starts);
    map->chunks = chunks;
    assert_non_null(map->starts);
}

static void destroy(struct map *map) {
    free(map->starts);
    area_destroy(&map->fixture.memory);
    area_destroy(&map->fixture.beside);
}

static void set(struct map *map, uint32_t chunk, bool start) {
    if (start && !map->starts[chunk]) {
        chunk_bitmap_set_start(&map->fixture.heap, chunk);
    } else if (!start && map->starts[chunk]) {
        chunk_bitmap_clear_start(&map->fixture.heap, chunk);
    }
    map->starts[chunk] = start;
}

static uint32_t next_start(const struct map *map, uint32_t chunk, uint32_t limit) {
    while (chunk < limit && !map->starts[chunk]) {
        chunk++;
    }
    return chunk < limit ? chunk : limit;
}

static uint32_t previous_start(const struct map *map, uint32_t chunk) {
    while (!map->starts[chunk]) {
        chunk--;
    }
    return chunk;
}

static void compare_at(const struct map *map, uint32_t chunk) {
    const struct chunk_heap *const heap = &map->fixture.heap;
    assert_int_equal(chunk_bitmap_is_start(heap, chunk), map->starts[chunk]);
    assert_int_equal(chunk_bitmap_previous_start(heap, chunk), previous_start(map, chunk));
    assert_int_equal(chunk_bitmap_next_start(heap, chunk, map->chunks),
                     next_start(map, chunk, map->chunks));
}

static void every_place_of_two_starts(void **state) {
    (void)state;
    static const uint32_t counts[] = {1, 2, 63, 64, 65, 128, 200, 300};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct map map;
        create(&map, counts[i]);
        set(&map, 0, true);
        for (uint32_t start = 1; start < counts[i]; start++) {
            set(&map, start, true);
            for (uint32_t chunk = 0; chunk < counts[i]; chunk++) {
                compare_at(&map, chunk);
            }
            set(&map, start, false);
        }
        assert_int_equal(chunk_bitmap_next_start(&map.fixture.heap, counts[i], counts[i]),
                         counts[i]);
        destroy(&map);
    }
}

static void far_starts_through_every_level(void **state) {
    (void)state;
    static const uint32_t counts[] = {64 * 64, 64 * 64 + 1, 64 * 64 * 64, 64 * 64 * 64 + 1,
                                      64 * 64 * 64 * 3};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct map map;
        const uint32_t last = counts[i] - 1;
        create(&map, counts[i]);
        set(&map, 0, true);
        for (uint32_t distance = 1; distance <= last; distance *= 4) {
            set(&map, last, true);
            set(&map, last - distance, true);
            compare_at(&map, last);
            compare_at(&map, last - distance);
            compare_at(&map, last - distance + 1);
            compare_at(&map, last - distance - (distance < last));
            compare_at(&map, 1);
            set(&map, last, false);
            compare_at(&map, last);
            compare_at(&map, 1);
            set(&map, last - distance, distance == last);
        }
        assert_null(chunk_heap_check(&map.fixture.heap, CHUNK_CHECK_CHEAP));
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
        set(&map, 0, true);
        for (int round = 0; round < 4000; round++) {
            const uint32_t chunk = (uint32_t)random_below(&random, counts[i]);
            set(&map, chunk, chunk == 0 || random_below(&random, 2) == 0);
            if (random_below(&random, 500) == 0) {
                for (uint32_t cleared = 1; cleared < counts[i]; cleared++) {
                    set(&map, cleared, false);
                }
            }
            compare_at(&map, (uint32_t)random_below(&random, counts[i]));
            compare_at(&map, chunk);
        }
        destroy(&map);
    }
}

static void live_bits_are_apart_from_starts(void **state) {
    (void)state;
    struct map map;
    create(&map, 130);
    for (uint32_t chunk = 0; chunk < 130; chunk += 2) {
        set(&map, chunk, true);
        if (chunk % 4 == 0) {
            chunk_bitmap_set_live(&map.fixture.heap, chunk);
        }
    }
    for (uint32_t chunk = 0; chunk < 130; chunk++) {
        assert_int_equal(chunk_bitmap_is_live(&map.fixture.heap, chunk), chunk % 4 == 0);
        assert_int_equal(chunk_bitmap_is_start(&map.fixture.heap, chunk), chunk % 2 == 0);
    }
    chunk_bitmap_clear_live(&map.fixture.heap, 64);
    assert_false(chunk_bitmap_is_live(&map.fixture.heap, 64));
    assert_true(chunk_bitmap_is_start(&map.fixture.heap, 64));
    destroy(&map);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_place_of_two_starts),
        cmocka_unit_test(far_starts_through_every_level),
        cmocka_unit_test(random_changes),
        cmocka_unit_test(live_bits_are_apart_from_starts),
    };
    return cmocka_run_group_tests_name("bitmap", tests, NULL, NULL);
}

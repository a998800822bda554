/* SPDX-License-Identifier: MIT */
/* Every kind of misuse, through every call that takes a block. */
#include "fixture.h"

enum { UNIT = 32, CHUNKS = 200 };

/* 4 chunks live, 3 free, 2 live, and the rest never handed out. */
struct scene {
    struct fixture fixture;
    unsigned char *first;
    unsigned char *gap;
    unsigned char *second;
    struct chunk_heap_stats stats;
};

static void create(struct scene *scene) {
    struct fixture *const fixture = &scene->fixture;
    fixture_create(fixture, CHUNKS, UNIT, fixture_flags);
    scene->first = fixture_block(fixture, 4, 1);
    scene->gap = fixture_block(fixture, 3, 2);
    scene->second = fixture_block(fixture, 2, 3);
    chunk_free(&fixture->heap, scene->gap);
    scene->stats = fixture_stats(fixture);
}

static void assert_unchanged(const struct scene *scene) {
    const struct fixture *const fixture = &scene->fixture;
    const struct chunk_heap_stats stats = fixture_stats(fixture);
    assert_int_equal(stats.used, scene->stats.used);
    assert_int_equal(stats.live_blocks, scene->stats.live_blocks);
    assert_int_equal(stats.free_runs, scene->stats.free_runs);
    assert_int_equal(stats.frontier, scene->stats.frontier);
    assert_int_equal(stats.allocations, scene->stats.allocations);
    fixture_assert_pattern(fixture, scene->first, 4, 1);
    fixture_assert_pattern(fixture, scene->second, 2, 3);
    assert_null(chunk_heap_check(&fixture->heap, CHUNK_CHECK_EXHAUSTIVE));
}

static void expect_in_every_call(const struct scene *scene, void *pointer, enum chunk_misuse kind) {
    const struct chunk_heap *const heap = &scene->fixture.heap;
    chunk_free(heap, pointer);
    fixture_expect_misuse(kind, pointer);
    chunk_free_sized(heap, pointer, UNIT);
    fixture_expect_misuse(kind, pointer);
    assert_false(chunk_resize(heap, pointer, 1));
    fixture_expect_misuse(kind, pointer);
    assert_null(chunk_realloc(heap, pointer, 100));
    fixture_expect_misuse(kind, pointer);
    assert_int_equal(chunk_usable_size(heap, pointer), 0);
    fixture_expect_misuse(kind, pointer);
    assert_unchanged(scene);
}

static void double_free(void **state) {
    (void)state;
    struct scene scene;
    create(&scene);
    for (size_t chunk = 0; chunk < 3; chunk++) {
        expect_in_every_call(&scene, scene.gap + chunk * UNIT, CHUNK_MISUSE_DOUBLE_FREE);
    }
    fixture_end(&scene.fixture);
}

static void interior(void **state) {
    (void)state;
    struct scene scene;
    create(&scene);
    for (size_t chunk = 1; chunk < 4; chunk++) {
        expect_in_every_call(&scene, scene.first + chunk * UNIT, CHUNK_MISUSE_INTERIOR);
    }
    expect_in_every_call(&scene, scene.second + UNIT, CHUNK_MISUSE_INTERIOR);
    fixture_end(&scene.fixture);
}

static void misaligned(void **state) {
    (void)state;
    struct scene scene;
    create(&scene);
    for (size_t offset = 1; offset < UNIT; offset++) {
        expect_in_every_call(&scene, scene.first + offset, CHUNK_MISUSE_MISALIGNED);
        expect_in_every_call(&scene, scene.gap + offset, CHUNK_MISUSE_MISALIGNED);
    }
    fixture_end(&scene.fixture);
}

static void outside(void **state) {
    (void)state;
    struct scene scene;
    create(&scene);
    const uintptr_t start = (uintptr_t)scene.fixture.memory.bytes;
    const uintptr_t addresses[] = {
        1,
        start - 1,
        start - UNIT,
        start + 9 * UNIT, /* the frontier */
        start + (CHUNKS - 1) * UNIT,
        start + CHUNKS * UNIT,
        start + ((uintptr_t)1 << 40),
        start ^ (uintptr_t)1 << 63,
        start + ((uintptr_t)UNIT << 32), /* looks like chunk 0 in 32 bits */
        UINTPTR_MAX,
        (uintptr_t)&scene,
    };
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        expect_in_every_call(&scene, (void *)addresses[i], CHUNK_MISUSE_OUTSIDE);
    }
    fixture_end(&scene.fixture);
}

static void wrong_size(void **state) {
    (void)state;
    struct scene scene;
    create(&scene);
    static const size_t sizes[] = {0,
                                   1,
                                   3 * UNIT,
                                   4 * UNIT + 1,
                                   5 * UNIT,
                                   CHUNKS * UNIT,
                                   CHUNKS * UNIT + 1,
                                   SIZE_MAX,
                                   SIZE_MAX - UNIT + 1,
                                   ((size_t)1 << 32) * UNIT + 4 * UNIT};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        chunk_free_sized(&scene.fixture.heap, scene.first, sizes[i]);
        fixture_expect_misuse(CHUNK_MISUSE_WRONG_SIZE, scene.first);
        assert_unchanged(&scene);
    }
    chunk_free_sized(&scene.fixture.heap, scene.first, 3 * UNIT + 1);
    fixture_end(&scene.fixture);
}

static void a_stale_pointer_after_a_move(void **state) {
    (void)state;
    struct scene scene;
    create(&scene);
    unsigned char *const moved = chunk_realloc(&scene.fixture.heap, scene.first, 10 * UNIT);
    assert_true(moved != scene.first);
    chunk_free(&scene.fixture.heap, scene.first);
    fixture_expect_misuse(CHUNK_MISUSE_DOUBLE_FREE, scene.first);
    assert_true(chunk_resize(&scene.fixture.heap, moved, 5 * UNIT));
    chunk_free(&scene.fixture.heap, moved + 5 * UNIT);
    fixture_expect_misuse(CHUNK_MISUSE_DOUBLE_FREE, moved + 5 * UNIT);
    fixture_end(&scene.fixture);
}

static void every_kind_has_a_name_of_its_own(void **state) {
    (void)state;
    for (enum chunk_misuse kind = 0; kind <= CHUNK_MISUSE_CORRUPT; kind++) {
        assert_string_not_equal(chunk_misuse_name(kind), "unknown misuse");
        for (enum chunk_misuse other = 0; other < kind; other++) {
            assert_string_not_equal(chunk_misuse_name(kind), chunk_misuse_name(other));
        }
    }
    const int unknown = (int)CHUNK_MISUSE_CORRUPT + 1;
    assert_string_equal(chunk_misuse_name((enum chunk_misuse)unknown), "unknown misuse");
}

static void free_twice(void *context) {
    const struct scene *const scene = context;
    chunk_free(&scene->fixture.heap, scene->gap);
}

static void without_a_hook_the_processor_traps(void **state) {
    (void)state;
    struct scene scene;
    create(&scene);
    assert_int_equal(fixture_signal_of(free_twice, &scene), 0);
    scene.fixture.heap.misuse = NULL;
    const int signal_number = fixture_signal_of(free_twice, &scene);
    assert_true(signal_number == SIGILL || signal_number == SIGTRAP);
    fixture_end(&scene.fixture);
}

static jmp_buf escape;

static void jump_out(enum chunk_misuse kind, const void *pointer) {
    witness_hook(kind, pointer);
    longjmp(escape, 1);
}

static void a_hook_may_jump_out(void **state) {
    (void)state;
    struct scene scene;
    create(&scene);
    scene.fixture.heap.misuse = jump_out;
    if (setjmp(escape) == 0) {
        chunk_free(&scene.fixture.heap, scene.gap);
        fail_msg("the hook was not called");
    }
    fixture_expect_misuse(CHUNK_MISUSE_DOUBLE_FREE, scene.gap);
    assert_unchanged(&scene);
    fixture_end(&scene.fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(double_free),
        cmocka_unit_test(interior),
        cmocka_unit_test(misaligned),
        cmocka_unit_test(outside),
        cmocka_unit_test(wrong_size),
        cmocka_unit_test(a_stale_pointer_after_a_move),
        cmocka_unit_test(every_kind_has_a_name_of_its_own),
        cmocka_unit_test(without_a_hook_the_processor_traps),
        cmocka_unit_test(a_hook_may_jump_out),
    };
    return cmocka_run_group_tests_name("misuse, nodes inside", tests, fixture_inside, NULL) +
           cmocka_run_group_tests_name("misuse, nodes outside", tests, fixture_outside, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Nodes that lie in free chunks, overwritten by a program that uses memory after it freed it. */
#include "fixture.h"

#include "core/assert.h"

enum { UNIT = 32, RUNS = 3, LENGTH = 4 };

/* Three free runs of one list and one of another, each between live blocks. */
struct scene {
    struct fixture fixture;
    unsigned char *runs[RUNS + 1];
    unsigned char *live[RUNS + 2];
};

static void create(struct scene *scene) {
    struct fixture *const fixture = &scene->fixture;
    fixture_create(fixture, 128, UNIT, 0);
    for (size_t i = 0; i <= RUNS; i++) {
        scene->live[i] = fixture_block(fixture, 2, i);
        scene->runs[i] = fixture_block(fixture, i < RUNS ? LENGTH : LENGTH + 2, 50 + i);
    }
    scene->live[RUNS + 1] = fixture_block(fixture, 2, RUNS + 1);
    for (size_t i = 0; i <= RUNS; i++) {
        chunk_free(&fixture->heap, scene->runs[i]);
    }
}

static uint32_t link_to(const struct scene *scene, const unsigned char *chunk) {
    return (uint32_t)((size_t)(chunk - scene->fixture.memory.bytes) / UNIT + 1);
}

enum { DAMAGES = 7 };

/* Different ways to overwrite the node of a run; none leaves it as it is. */
static void damage(const struct scene *scene, unsigned char *run, unsigned how) {
    struct chunk_node node;
    memcpy(&node, run, sizeof node);
    const uint32_t links[DAMAGES] = {
        UINT32_MAX,
        0x41414141,
        link_to(scene, run),                                            /* itself */
        link_to(scene, scene->live[1]),                                 /* a live block */
        link_to(scene, scene->runs[RUNS]) + (run == scene->runs[RUNS]), /* of another list */
        100,                                                            /* beyond the frontier */
        link_to(scene, scene->live[0]) + 1,                             /* the middle of a block */
    };
    if (how % 3 != 1) {
        node.next = links[how % DAMAGES];
    }
    if (how % 3 != 0) {
        node.prev = links[how / 3 % DAMAGES];
    }
    memcpy(run, &node, sizeof node);
}

static bool is_run(const struct scene *scene, const void *pointer) {
    for (size_t i = 0; i <= RUNS; i++) {
        if (pointer == scene->runs[i]) {
            return true;
        }
    }
    return false;
}

static void assert_reported(const struct scene *scene) {
    assert_true(witness.count >= 1);
    assert_int_equal(witness.kind, CHUNK_MISUSE_CORRUPT);
    assert_true(is_run(scene, witness.pointer));
    witness_clear();
}

/* All but one, if it was freed. */
static void assert_live_blocks(const struct scene *scene, const unsigned char *freed) {
    for (size_t i = 0; i <= RUNS + 1; i++) {
        if (scene->live[i] != freed) {
            fixture_assert_pattern(&scene->fixture, scene->live[i], 2, i);
        }
    }
}

/* A build that looks at the whole heap after each operation stops at damage not yet met. */
static void skip_if_all_is_checked(void) {
    if (CHUNK_CHECKS >= 2) {
        skip();
    }
}

static void allocation_of_the_only_run_of_a_list(void **state) {
    (void)state;
    for (unsigned how = 0; how < 3 * DAMAGES; how++) {
        struct scene scene;
        create(&scene);
        damage(&scene, scene.runs[RUNS], how);
        void *const block = chunk_alloc(&scene.fixture.heap, (LENGTH + 2) * UNIT);
        assert_int_equal(witness.count, 1);
        assert_ptr_equal(witness.pointer, scene.runs[RUNS]);
        assert_reported(&scene);
        assert_true(block == NULL || block == scene.runs[RUNS]);
        assert_live_blocks(&scene, NULL);
        fixture_end(&scene.fixture);
    }
}

static void allocation_from_a_list_with_a_damaged_run(void **state) {
    (void)state;
    skip_if_all_is_checked();
    for (unsigned how = 0; how < 3 * DAMAGES; how++) {
        for (size_t damaged = 0; damaged < RUNS; damaged++) {
            struct scene scene;
            create(&scene);
            damage(&scene, scene.runs[damaged], how);
            for (size_t i = 0; i < RUNS; i++) {
                unsigned char *const block = chunk_alloc(&scene.fixture.heap, LENGTH * UNIT);
                if (block != NULL) {
                    pattern_fill(block, LENGTH * UNIT, 99);
                }
            }
            assert_reported(&scene);
            assert_live_blocks(&scene, NULL);
            fixture_end(&scene.fixture);
        }
    }
}

static void freeing_a_neighbour(void **state) {
    (void)state;
    for (unsigned how = 0; how < 3 * DAMAGES; how++) {
        for (size_t damaged = 0; damaged <= RUNS; damaged++) {
            for (size_t side = 0; side < 2; side++) {
                struct scene scene;
                create(&scene);
                damage(&scene, scene.runs[damaged], how);
                chunk_free(&scene.fixture.heap, scene.live[damaged + side]);
                assert_reported(&scene);
                assert_live_blocks(&scene, scene.live[damaged + side]);
                fixture_end(&scene.fixture);
            }
        }
    }
}

static void growing_into_it(void **state) {
    (void)state;
    for (unsigned how = 0; how < 3 * DAMAGES; how++) {
        for (size_t damaged = 0; damaged <= RUNS; damaged++) {
            struct scene scene;
            create(&scene);
            damage(&scene, scene.runs[damaged], how);
            (void)chunk_resize(&scene.fixture.heap, scene.live[damaged], 3 * UNIT);
            assert_reported(&scene);
            assert_live_blocks(&scene, NULL);
            fixture_end(&scene.fixture);
        }
    }
}

static void the_exhaustive_check_sees_it_and_does_not_report(void **state) {
    (void)state;
    for (unsigned how = 0; how < 3 * DAMAGES; how++) {
        for (size_t damaged = 0; damaged <= RUNS; damaged++) {
            struct scene scene;
            create(&scene);
            damage(&scene, scene.runs[damaged], how);
            assert_non_null(chunk_heap_check(&scene.fixture.heap, CHUNK_CHECK_EXHAUSTIVE));
            assert_int_equal(witness.count, 0);
            area_destroy(&scene.fixture.memory);
            area_destroy(&scene.fixture.beside);
        }
    }
}

/* A list of which some runs are too short is searched, along links that may lie anywhere. */
static void searching_a_list_with_a_damaged_run(void **state) {
    (void)state;
    skip_if_all_is_checked();
    static const uint32_t links[] = {UINT32_MAX, 0x41414141, 5000, 301, 2, 66, 67, 1};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        struct fixture fixture;
        fixture_create(&fixture, 300, UNIT, 0);
        unsigned char *const first = fixture_block(&fixture, 64, 1);
        unsigned char *const between = fixture_block(&fixture, 1, 2);
        unsigned char *const second = fixture_block(&fixture, 64, 3);
        unsigned char *const last = fixture_block(&fixture, 1, 4);
        chunk_free(&fixture.heap, first);
        chunk_free(&fixture.heap, second);
        memcpy(second, &links[i], sizeof links[i]);
        unsigned char *const block = chunk_alloc(&fixture.heap, (size_t)65 * UNIT);
        assert_ptr_equal(block, last + UNIT);
        fixture_assert_pattern(&fixture, between, 1, 2);
        fixture_assert_pattern(&fixture, last, 1, 4);
        witness_clear();
        chunk_free(&fixture.heap, between);
        witness_clear();
        fixture_end(&fixture);
    }
}

/* Whatever is written to free memory, no block is handed out twice and no live one changes. */
static void noise_in_free_memory_never_spreads(void **state) {
    (void)state;
    skip_if_all_is_checked();
    struct support_random random = {.state = 1};
    for (int round = 0; round < 3000; round++) {
        struct scene scene;
        create(&scene);
        unsigned char *const run = scene.runs[random_below(&random, RUNS + 1)];
        for (size_t word = 0; word < 2; word++) {
            const uint32_t value = (uint32_t)random_below(&random, 66);
            memcpy(run + word * sizeof value, &value, sizeof value);
        }
        for (int step = 0; step < 20; step++) {
            const size_t length = 1 + random_below(&random, 9);
            unsigned char *const block = chunk_alloc(&scene.fixture.heap, length * UNIT);
            if (block != NULL) {
                memset(block, 0x77, length * UNIT);
            }
        }
        assert_live_blocks(&scene, NULL);
        witness_clear();
        fixture_end(&scene.fixture);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocation_of_the_only_run_of_a_list),
        cmocka_unit_test(allocation_from_a_list_with_a_damaged_run),
        cmocka_unit_test(freeing_a_neighbour),
        cmocka_unit_test(growing_into_it),
        cmocka_unit_test(the_exhaustive_check_sees_it_and_does_not_report),
        cmocka_unit_test(searching_a_list_with_a_damaged_run),
        cmocka_unit_test(noise_in_free_memory_never_spreads),
    };
    return cmocka_run_group_tests_name("corruption", tests, NULL, NULL);
}

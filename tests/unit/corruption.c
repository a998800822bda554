/* SPDX-License-Identifier: MIT */
/* Nodes that lie in free chunks, overwritten by a program that uses memory after it freed it. */
#include "fixture.h"

#include "core/index.h"

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

enum { DAMAGES = 8, PLAUSIBLE = 2 };

/* Different ways to overwrite a link of a run: the first two name a free run, which is found out
 * only when the heap is looked at as a whole; the others name none. */
static chunk_link damaged_link(const struct scene *scene, const unsigned char *run, unsigned how) {
    const bool is_last = run == scene->runs[RUNS];
    const chunk_link links[DAMAGES] = {
        chunk_index_masked(link_to(scene, run)),
        chunk_index_masked(link_to(scene, scene->runs[is_last ? 0 : RUNS])),
        0,
        (chunk_link)~0u,
        (chunk_link)0x41414141,
        chunk_index_masked(link_to(scene, scene->live[1])),
        chunk_index_masked(100), /* beyond the frontier */
        chunk_index_masked(link_to(scene, scene->live[0]) + 1),
    };
    return links[how];
}

struct damage {
    unsigned next; /* DAMAGES: as it is */
    unsigned previous;
};

static bool is_plausible(unsigned how) {
    return how < PLAUSIBLE || how == DAMAGES;
}

static void overwrite(const struct scene *scene, unsigned char *run, struct damage damage) {
    struct chunk_node node;
    memcpy(&node, run, sizeof node);
    if (damage.next < DAMAGES) {
        node.next = damaged_link(scene, run, damage.next);
    }
    if (damage.previous < DAMAGES) {
        node.previous = damaged_link(scene, run, damage.previous);
    }
    memcpy(run, &node, sizeof node);
}

/* ---- what is done with a damaged heap; a report ends it -------------------------------------- */

static jmp_buf reported;

static void jump_out(enum chunk_misuse kind, const void *pointer) {
    witness_hook(kind, pointer);
    longjmp(reported, 1);
}

typedef void action(const struct scene *scene, size_t damaged);

/* Whether the damage was reported. */
static bool is_reported(struct scene *scene, action *act, size_t damaged) {
    scene->fixture.heap.misuse = jump_out;
    if (setjmp(reported) == 0) {
        act(scene, damaged);
    }
    const bool found = witness.count == 1 && witness.kind == CHUNK_MISUSE_CORRUPT;
    assert_true(found || witness.count == 0);
    return found;
}

static bool is_run(const struct scene *scene, const void *pointer) {
    for (size_t i = 0; i <= RUNS; i++) {
        if (pointer == scene->runs[i]) {
            return true;
        }
    }
    return false;
}

/* All but one, if it was freed. */
static void assert_live_blocks(const struct scene *scene, const unsigned char *freed) {
    for (size_t i = 0; i <= RUNS + 1; i++) {
        if (scene->live[i] != freed) {
            fixture_assert_pattern(&scene->fixture, scene->live[i], 2, i);
        }
    }
}

/* A build that looks at the heap after each operation stops at damage not yet met. */
static void skip_if_checked(int level) {
    if (CHUNK_CHECKS >= level) {
        skip();
    }
}

static void end(struct scene *scene) {
    witness_clear();
    area_destroy(&scene->fixture.memory);
    area_destroy(&scene->fixture.beside);
}

/*
 * Every way to damage any run, used: what names no free run is reported, and the run named; and
 * whatever it is, no live block changes. Where the use takes other runs of the list first, one of
 * the links is written anew before it is followed.
 */
static void try_all(action *act, bool heals, size_t first, size_t last,
                    const unsigned char *(*freed)(struct scene *, size_t)) {
    for (unsigned how = 0; how < (DAMAGES + 1) * (DAMAGES + 1) - 1; how++) {
        const struct damage damage = {how % (DAMAGES + 1), how / (DAMAGES + 1)};
        for (size_t damaged = first; damaged <= last; damaged++) {
            struct scene scene;
            create(&scene);
            overwrite(&scene, scene.runs[damaged], damage);
            const bool found = is_reported(&scene, act, damaged);
            const bool next = is_plausible(damage.next);
            const bool previous = is_plausible(damage.previous);
            assert_true(found || (heals ? next || previous : next && previous));
            assert_true(!found || is_run(&scene, witness.pointer));
            assert_live_blocks(&scene, freed != NULL ? freed(&scene, damaged) : NULL);
            end(&scene);
        }
    }
}

static void allocate_from_last(const struct scene *scene, size_t damaged) {
    (void)damaged;
    (void)chunk_alloc(&scene->fixture.heap, (LENGTH + 2) * UNIT);
}

static void allocation_of_the_only_run_of_a_list(void **state) {
    (void)state;
    skip_if_checked(2);
    try_all(allocate_from_last, false, RUNS, RUNS, NULL);
}

static void allocate_all(const struct scene *scene, size_t damaged) {
    (void)damaged;
    for (size_t i = 0; i < RUNS; i++) {
        unsigned char *const block = chunk_alloc(&scene->fixture.heap, LENGTH * UNIT);
        if (block != NULL) {
            pattern_fill(block, LENGTH * UNIT, 99);
        }
    }
}

static void allocation_from_a_list_with_a_damaged_run(void **state) {
    (void)state;
    skip_if_checked(2);
    try_all(allocate_all, true, 0, RUNS - 1, NULL);
}

static void free_left(const struct scene *scene, size_t damaged) {
    chunk_free(&scene->fixture.heap, scene->live[damaged]);
}

static const unsigned char *left(struct scene *scene, size_t damaged) {
    return scene->live[damaged];
}

static void free_right(const struct scene *scene, size_t damaged) {
    chunk_free(&scene->fixture.heap, scene->live[damaged + 1]);
}

static const unsigned char *right(struct scene *scene, size_t damaged) {
    return scene->live[damaged + 1];
}

static void freeing_a_neighbour(void **state) {
    (void)state;
    skip_if_checked(2);
    try_all(free_left, true, 0, RUNS, left);
    try_all(free_right, true, 0, RUNS, right);
}

static void grow(const struct scene *scene, size_t damaged) {
    (void)chunk_resize(&scene->fixture.heap, scene->live[damaged], 3 * UNIT);
}

static void growing_into_it(void **state) {
    (void)state;
    skip_if_checked(2);
    try_all(grow, false, 0, RUNS, NULL);
}

static void the_exhaustive_check_sees_it_and_does_not_report(void **state) {
    (void)state;
    for (unsigned how = 0; how < (DAMAGES + 1) * (DAMAGES + 1) - 1; how++) {
        const struct damage damage = {how % (DAMAGES + 1), how / (DAMAGES + 1)};
        for (size_t damaged = 0; damaged <= RUNS; damaged++) {
            struct scene scene;
            create(&scene);
            overwrite(&scene, scene.runs[damaged], damage);
            assert_non_null(chunk_heap_check(&scene.fixture.heap, CHUNK_CHECK_EXHAUSTIVE));
            assert_int_equal(witness.count, 0);
            end(&scene);
        }
    }
}

static void free_first(void *context) {
    const struct scene *const scene = (const struct scene *)context;
    free_left(scene, 0);
}

static void there_is_no_going_on(void **state) {
    (void)state;
    struct scene scene;
    create(&scene);
    memset(scene.runs[0], 0, UNIT);
    scene.fixture.heap.misuse = witness_hook;
    const int signal = fixture_signal_of(free_first, &scene);
    assert_true(signal == SIGILL || signal == SIGTRAP);
    end(&scene);
}

/* Runs enter their list at its head, so the second is neither its first nor its last. */
static void a_run_that_claims_to_be_the_first_of_its_list(void **state) {
    (void)state;
    skip_if_checked(2);
    struct scene scene;
    create(&scene);
    const struct chunk_node node = {
        .next = chunk_index_masked(link_to(&scene, scene.runs[0])),
        .previous = chunk_index_masked(0),
    };
    memcpy(scene.runs[1], &node, sizeof node);
    assert_true(is_reported(&scene, free_left, 1));
    assert_ptr_equal(witness.pointer, scene.runs[1]);
    assert_live_blocks(&scene, scene.live[1]);
    end(&scene);
}

static void counters_never_fall_below_nothing(void **state) {
    (void)state;
    struct scene scene;
    create(&scene);
    struct chunk_heap_state *const heap = scene.fixture.heap.state;
    uint32_t *const counters[] = {&heap->used, &heap->live};
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
        const uint32_t kept = *counters[i];
        *counters[i] = 0;
        const int signal = fixture_signal_of(free_first, &scene);
        assert_true(signal == SIGILL || signal == SIGTRAP);
        *counters[i] = kept;
    }
    assert_int_equal(fixture_signal_of(free_first, &scene), 0);
    end(&scene);
}

static void allocate_any(const struct scene *scene, size_t seed) {
    struct support_random random = {.state = seed};
    for (int step = 0; step < 20; step++) {
        const size_t length = 1 + random_below(&random, 9);
        unsigned char *const block = chunk_alloc(&scene->fixture.heap, length * UNIT);
        if (block != NULL) {
            memset(block, 0x77, length * UNIT);
        }
    }
}

/* Whatever is written to free memory, no block is handed out twice and no live one changes. */
static void noise_in_free_memory_never_spreads(void **state) {
    (void)state;
    skip_if_checked(1);
    struct support_random random = {.state = 1};
    for (size_t round = 0; round < 3000; round++) {
        struct scene scene;
        create(&scene);
        unsigned char *const run = scene.runs[random_below(&random, RUNS + 1)];
        const struct chunk_node noise = {
            chunk_index_masked((uint32_t)random_below(&random, 66)),
            chunk_index_masked((uint32_t)random_below(&random, 66)),
        };
        memcpy(run, &noise, sizeof noise);
        (void)is_reported(&scene, allocate_any, round);
        assert_live_blocks(&scene, NULL);
        end(&scene);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocation_of_the_only_run_of_a_list),
        cmocka_unit_test(allocation_from_a_list_with_a_damaged_run),
        cmocka_unit_test(freeing_a_neighbour),
        cmocka_unit_test(growing_into_it),
        cmocka_unit_test(the_exhaustive_check_sees_it_and_does_not_report),
        cmocka_unit_test(there_is_no_going_on),
        cmocka_unit_test(a_run_that_claims_to_be_the_first_of_its_list),
        cmocka_unit_test(counters_never_fall_below_nothing),
        cmocka_unit_test(noise_in_free_memory_never_spreads),
    };
    return cmocka_run_group_tests_name("corruption", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Each bad argument of chunk_heap_init has its error, and of several the first one is told. */
#include "fixture.h"

struct arguments {
    unsigned char *memory;
    size_t size;
    size_t chunk_size;
    unsigned char *beside;
    size_t beside_size;
    unsigned flags;
};

enum { UNIT = 64, CHUNKS = 100 };

static _Alignas(UNIT) unsigned char storage[UNIT + UNIT * CHUNKS + UNIT];
static unsigned char *const memory = storage + UNIT;
static _Alignas(8) unsigned char beside[CHUNK_HEAP_BOOKKEEPING_SIZE(CHUNKS, 0) + 8];

static struct arguments good_arguments(void) {
    return (struct arguments){
        .memory = memory,
        .size = (size_t)UNIT * CHUNKS,
        .chunk_size = UNIT,
        .beside = beside,
        .beside_size = CHUNK_HEAP_BOOKKEEPING_SIZE(CHUNKS, 0),
    };
}

static void no_memory(struct arguments *arguments) {
    arguments->memory = NULL;
}

static void no_size(struct arguments *arguments) {
    arguments->size = 0;
}

static void chunk_size_zero(struct arguments *arguments) {
    arguments->chunk_size = 0;
}

static void chunk_size_too_small(struct arguments *arguments) {
    arguments->chunk_size = 8;
}

static void chunk_size_no_power(struct arguments *arguments) {
    arguments->chunk_size = 48;
}

static void memory_misaligned(struct arguments *arguments) {
    arguments->memory = memory + UNIT / 2;
}

static void size_no_multiple(struct arguments *arguments) {
    arguments->size += UNIT / 2;
}

static void too_many_chunks(struct arguments *arguments) {
    arguments->size = ((size_t)CHUNK_HEAP_MAX_CHUNKS + 1) * UNIT;
}

static void memory_wraps(struct arguments *arguments) {
    arguments->memory = (unsigned char *)(UINTPTR_MAX - UNIT * CHUNKS / 2 + 1);
}

static void beside_wraps(struct arguments *arguments) {
    arguments->beside = (unsigned char *)(UINTPTR_MAX - 15);
    arguments->beside_size = sizeof beside;
}

static void no_beside(struct arguments *arguments) {
    arguments->beside = NULL;
}

static void beside_misaligned(struct arguments *arguments) {
    arguments->beside = beside + 4;
}

static void beside_too_small(struct arguments *arguments) {
    arguments->beside_size = CHUNK_HEAP_BOOKKEEPING_SIZE(CHUNKS, 0) - 1;
}

static void beside_empty(struct arguments *arguments) {
    arguments->beside_size = 0;
}

static void beside_at_the_end_of_memory(struct arguments *arguments) {
    arguments->beside = memory + (size_t)UNIT * CHUNKS - 8;
}

static void memory_within_beside(struct arguments *arguments) {
    arguments->beside = storage;
    arguments->beside_size = sizeof storage;
}

static void unknown_flag(struct arguments *arguments) {
    arguments->flags = 8;
}

static void last_flag(struct arguments *arguments) {
    arguments->flags = 1u << 31 | CHUNK_HEAP_GROWS;
}

static const struct fault {
    enum chunk_heap_error error;
    void (*make)(struct arguments *arguments);
} faults[] = {
    {CHUNK_HEAP_EMPTY, no_memory},
    {CHUNK_HEAP_EMPTY, no_size},
    {CHUNK_HEAP_BAD_CHUNK_SIZE, chunk_size_zero},
    {CHUNK_HEAP_BAD_CHUNK_SIZE, chunk_size_too_small},
    {CHUNK_HEAP_BAD_CHUNK_SIZE, chunk_size_no_power},
    {CHUNK_HEAP_MISALIGNED, memory_misaligned},
    {CHUNK_HEAP_NOT_A_MULTIPLE, size_no_multiple},
    {CHUNK_HEAP_TOO_MANY_CHUNKS, too_many_chunks},
    {CHUNK_HEAP_WRAPS, memory_wraps},
    {CHUNK_HEAP_WRAPS, beside_wraps},
    {CHUNK_HEAP_BOOKKEEPING_MISALIGNED, no_beside},
    {CHUNK_HEAP_BOOKKEEPING_MISALIGNED, beside_misaligned},
    {CHUNK_HEAP_BOOKKEEPING_TOO_SMALL, beside_too_small},
    {CHUNK_HEAP_BOOKKEEPING_TOO_SMALL, beside_empty},
    {CHUNK_HEAP_OVERLAPS, beside_at_the_end_of_memory},
    {CHUNK_HEAP_OVERLAPS, memory_within_beside},
    {CHUNK_HEAP_BAD_FLAGS, unknown_flag},
    {CHUNK_HEAP_BAD_FLAGS, last_flag},
};

enum { FAULTS = sizeof faults / sizeof *faults };

static enum chunk_heap_error init(struct chunk_heap *heap, const struct arguments *arguments) {
    return chunk_heap_init(heap, arguments->memory, arguments->size, arguments->chunk_size,
                           arguments->beside, arguments->beside_size, arguments->flags);
}

static void assert_error(const struct arguments *arguments, enum chunk_heap_error wanted) {
    struct chunk_heap heap;
    struct chunk_heap before;
    memset(&heap, 0x5a, sizeof heap);
    memset(&before, 0x5a, sizeof before);
    memset(beside, 0x5a, sizeof beside);
    const enum chunk_heap_error error = init(&heap, arguments);
    assert_string_equal(chunk_heap_error_text(error), chunk_heap_error_text(wanted));
    assert_memory_equal(&heap, &before, sizeof heap);
    for (size_t i = 0; i < sizeof beside; i++) {
        assert_int_equal(beside[i], 0x5a);
    }
}

static void each_fault_has_its_error(void **state) {
    (void)state;
    for (size_t i = 0; i < FAULTS; i++) {
        struct arguments arguments = good_arguments();
        faults[i].make(&arguments);
        assert_error(&arguments, faults[i].error);
    }
}

static void of_two_faults_the_first_is_told(void **state) {
    (void)state;
    for (size_t first = 0; first < FAULTS; first++) {
        for (size_t second = first + 1; second < FAULTS; second++) {
            struct arguments arguments = good_arguments();
            faults[second].make(&arguments);
            faults[first].make(&arguments);
            if (faults[first].error < faults[second].error) {
                assert_error(&arguments, faults[first].error);
            }
        }
    }
}

static void what_is_just_right_is_taken(void **state) {
    (void)state;
    struct chunk_heap heap;
    struct arguments arguments = good_arguments();
    assert_int_equal(init(&heap, &arguments), CHUNK_HEAP_OK);
    assert_null(heap.misuse);
    static _Alignas(UNIT) unsigned char both[UNIT * CHUNKS + sizeof beside];
    arguments.memory = both;
    arguments.beside = both + arguments.size;
    assert_int_equal(init(&heap, &arguments), CHUNK_HEAP_OK);
    assert_ptr_equal(chunk_alloc(&heap, arguments.size), both);
    assert_null(chunk_heap_check(&heap, CHUNK_CHECK_EXHAUSTIVE));
}

static void every_error_has_a_text_of_its_own(void **state) {
    (void)state;
    const char *texts[CHUNK_HEAP_BAD_FLAGS + 1];
    for (enum chunk_heap_error error = CHUNK_HEAP_OK; error <= CHUNK_HEAP_BAD_FLAGS; error++) {
        texts[error] = chunk_heap_error_text(error);
        assert_string_not_equal(texts[error], "unknown error");
        for (enum chunk_heap_error other = CHUNK_HEAP_OK; other < error; other++) {
            assert_string_not_equal(texts[error], texts[other]);
        }
    }
    const int unknown = (int)CHUNK_HEAP_BAD_FLAGS + 1;
    assert_string_equal(chunk_heap_error_text((enum chunk_heap_error)unknown), "unknown error");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_has_its_error),
        cmocka_unit_test(of_two_faults_the_first_is_told),
        cmocka_unit_test(what_is_just_right_is_taken),
        cmocka_unit_test(every_error_has_a_text_of_its_own),
    };
    return cmocka_run_group_tests_name("init errors", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <sys/resource.h>
#include <sys/wait.h>

unsigned fixture_flags;

int fixture_inside(void **state) {
    (void)state;
    fixture_flags = 0;
    return 0;
}

int fixture_outside(void **state) {
    (void)state;
    fixture_flags = CHUNK_HEAP_NODES_OUTSIDE;
    return 0;
}

void fixture_create(struct fixture *fixture, uint32_t chunks, uint32_t chunk_size, unsigned flags) {
    const size_t size = (size_t)chunks * chunk_size;
    const size_t beside = chunk_heap_bookkeeping_size(chunks, flags);
    fixture->memory = area_create(size, 0);
    fixture->beside = area_create(beside, 0);
    assert_int_equal(chunk_heap_init(&fixture->heap, fixture->memory.bytes, size, chunk_size,
                                     fixture->beside.bytes, beside, flags),
                     CHUNK_HEAP_OK);
    fixture->heap.misuse = witness_hook;
    witness_clear();
}

void fixture_end(struct fixture *fixture) {
    assert_int_equal(witness.count, 0);
    const char *const broken = chunk_heap_check(&fixture->heap, CHUNK_CHECK_EXHAUSTIVE);
    if (broken != NULL) {
        fail_msg("%s", broken);
    }
    area_destroy(&fixture->memory);
    area_destroy(&fixture->beside);
}

void fixture_expect_misuse(enum chunk_misuse kind, const void *pointer) {
    assert_int_equal(witness.count, 1);
    assert_string_equal(chunk_misuse_name(witness.kind), chunk_misuse_name(kind));
    assert_ptr_equal(witness.pointer, pointer);
    witness_clear();
}

struct chunk_heap_stats fixture_stats(const struct fixture *fixture) {
    struct chunk_heap_stats stats;
    chunk_heap_get_stats(&fixture->heap, &stats);
    return stats;
}

unsigned char *fixture_block(const struct fixture *fixture, size_t chunks, uint64_t seed) {
    const size_t size = chunks << fixture->heap.chunk_shift;
    unsigned char *const block = chunk_alloc(&fixture->heap, size);
    assert_non_null(block);
    pattern_fill(block, size, seed);
    return block;
}

void fixture_assert_pattern(const struct fixture *fixture, const void *block, size_t chunks,
                            uint64_t seed) {
    assert_true(pattern_holds(block, chunks << fixture->heap.chunk_shift, seed));
}

#ifdef TEST_COVERAGE
void __gcov_dump(void);

/* What a child did counts even if it ends so: the signal comes again once this returns. */
static void end_counted(int number) {
    (void)signal(number, SIG_DFL);
    __gcov_dump();
}
#else
#define end_counted SIG_DFL
#endif

int fixture_signal_of(void (*action)(void *context), void *context) {
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        const int caught[] = {SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS};
        (void)setrlimit(RLIMIT_CORE, &no_core);
        for (size_t i = 0; i < sizeof caught / sizeof *caught; i++) {
            (void)signal(caught[i], end_counted);
        }
        action(context);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

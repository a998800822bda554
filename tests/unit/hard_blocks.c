/* SPDX-License-Identifier: MIT */
#include "hard_blocks.h"

#include "host/hard_cache.h"

struct cm_place hard_place(const void *block) {
    const struct cm_region *const region = cm_region_of(block);
    if (region == NULL) {
        assert_true(cm_hard_is_zero(block));
        return (struct cm_place){NULL, CM_KIND_HARD_ZERO};
    }
    return (struct cm_place){region, region->kinds[cm_offset_in(region, block) >> CM_CHUNK_SHIFT]};
}

void *hard_get(size_t size) {
    if (cm_thread_self.hard != NULL) {
        cm_thread_self.hard->until_sampled = UINT32_MAX;
    }
    void *const block = cm_hard_alloc(size, 1, NULL);
    assert_non_null(block);
    return block;
}

bool hard_is_live(const void *block) {
    return cm_is_hard(hard_place(block).kind) && cm_hard_is_live(hard_place(block), block);
}

bool hard_try_free(void *block) {
    return cm_is_hard(hard_place(block).kind) && cm_hard_free(hard_place(block), block, NULL);
}

void hard_give(void *block) {
    assert_true(hard_try_free(block));
}

int signal_of(void (*action)(void *context), void *context, struct capture *said) {
    const int errors = dup(STDERR_FILENO);
    capture_begin(said);
    assert_true(dup2(said->fd, STDERR_FILENO) >= 0);
    const int signal_number = fixture_signal_of(action, context);
    assert_true(dup2(errors, STDERR_FILENO) >= 0);
    assert_int_equal(close(errors), 0);
    capture_end(said);
    return signal_number;
}

void assert_dies(void (*action)(void *block), void *block, const char *complaint) {
    struct capture said;
    char wanted[80];
    (void)snprintf(wanted, sizeof wanted, "chunkmalloc: %s 0x%lx", complaint,
                   (unsigned long)(uintptr_t)block);
    assert_int_equal(signal_of(action, block, &said), SIGABRT);
    assert_int_equal(strncmp(said.text, wanted, strlen(wanted)), 0);
    assert_int_equal(capture_lines(&said), 1);
}

static void write_to(void *byte) {
    *(volatile unsigned char *)byte = 1;
}

static void read_from(void *byte) {
    (void)*(volatile unsigned char *)byte;
}

void assert_untouchable(void *byte) {
    assert_int_equal(fixture_signal_of(write_to, byte), SIGSEGV);
    assert_int_equal(fixture_signal_of(read_from, byte), SIGSEGV);
}

void free_it(void *block) {
    hard_give(block);
}

int hard_start(void **state) {
    (void)state;
    return cm_hard_start() ? 0 : -1;
}

/* SPDX-License-Identifier: MIT */
/*
 * A program without an operating system: a static heap of 16 KiB under random use, with a hook for
 * misuse. Says what the heap costs, and ends with status 0 if all is as it must be.
 */
#include <chunkmalloc/heap.h>

#include "../say.h"
#include "board.h"

static void note_misuse(enum chunk_misuse kind, const void *pointer);

CHUNK_HEAP_DEFINE(heap, 1024, 16, note_misuse);

enum { STEPS = 5000, BLOCKS = 64, LARGEST = 640 };

struct block {
    unsigned char *bytes;
    size_t size;
};

/* Of the linker script. */
extern const unsigned char core_text_start[], core_text_end[], bss_start[], bss_end[];

static struct {
    unsigned count;
    enum chunk_misuse kind;
    const void *pointer;
} noted;

static void note_misuse(enum chunk_misuse kind, const void *pointer) {
    noted.count++;
    noted.kind = kind;
    noted.pointer = pointer;
}

static void put_text(const char *text, size_t size) {
    char copy[161];
    __builtin_memcpy(copy, text, size);
    copy[size] = '\0';
    board_put_text(copy);
}

static void check(bool condition, unsigned line) {
    if (!condition) {
        say("main.c:%u: not so\n", line);
        board_exit(1);
    }
}

static void fill(const struct block *block, unsigned number) {
    for (size_t i = 0; i < block->size; i++) {
        block->bytes[i] = (unsigned char)(number + i);
    }
}

static void verify(const struct block *block, unsigned number, size_t size) {
    for (size_t i = 0; i < size; i++) {
        check(block->bytes[i] == (unsigned char)(number + i), __LINE__);
    }
}

static uint32_t next_random(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Makes the block another size, or frees it. */
static void step(struct block *block, unsigned number, size_t size) {
    verify(block, number, block->size);
    if (size > LARGEST) {
        chunk_free_sized(&heap, block->bytes, block->size);
        *block = (struct block){NULL, 0};
        return;
    }
    unsigned char *const moved = chunk_realloc(&heap, block->bytes, size);
    if (moved != NULL) {
        const size_t kept = block->size < size ? block->size : size;
        *block = (struct block){moved, size};
        verify(block, number, kept);
        fill(block, number);
    }
}

static void use_heap(void) {
    static struct block blocks[BLOCKS];
    static uint32_t random = 2463534242u;
    for (unsigned i = 0; i < STEPS; i++) {
        const unsigned number = next_random(&random) >> 26;
        step(&blocks[number], number, 1 + (next_random(&random) >> 22));
        check(chunk_heap_check(&heap, CHUNK_CHECK_EXHAUSTIVE) == NULL, __LINE__);
    }
    struct chunk_heap_stats stats;
    chunk_heap_get_stats(&heap, &stats);
    check(stats.peak > 900 && stats.failures > 0 && stats.failures < STEPS / 4, __LINE__);
    check(noted.count == 0, __LINE__);
    for (unsigned number = 0; number < BLOCKS; number++) {
        verify(&blocks[number], number, blocks[number].size);
        chunk_free(&heap, blocks[number].bytes);
    }
    say("%u random steps in %u chunks of %u bytes, of which %u were used at most\n",
        (unsigned)STEPS, (unsigned)stats.chunks, (unsigned)stats.chunk_size, (unsigned)stats.peak);
}

static void misuse_heap(void) {
    void *const whole = chunk_alloc(&heap, chunk_heap_capacity(&heap));
    check(whole == heap.memory && chunk_alloc(&heap, 1) == NULL, __LINE__);
    chunk_free(&heap, whole);
    chunk_free(&heap, whole);
    check(noted.count == 1 && noted.kind == CHUNK_MISUSE_DOUBLE_FREE, __LINE__);
    check(noted.pointer == whole && chunk_heap_usage(&heap) == 0, __LINE__);
    say("a block freed twice: %s\n", chunk_misuse_name(noted.kind));
    check(chunk_heap_check(&heap, CHUNK_CHECK_EXHAUSTIVE) == NULL, __LINE__);
}

int main(void) {
    struct chunk_heap_stats stats;
    chunk_heap_get_stats(&heap, &stats);
    const size_t end_of_heap = board_distance(bss_start, heap.memory) + chunk_heap_capacity(&heap);
    check(end_of_heap <= board_distance(bss_start, bss_end), __LINE__);
    say("chunk heap on %s\n", BOARD_MACHINE);
    use_heap();
    misuse_heap();
    say("%u bytes of code, %u of bookkeeping\n",
        (unsigned)board_distance(core_text_start, core_text_end), (unsigned)stats.bookkeeping);
    say("all is well\n");
    return 0;
}

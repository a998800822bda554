/* SPDX-License-Identifier: MIT */
/*
 * A Linux program without a C library, for any processor that system_call.h knows: two static
 * heaps, and nothing but libchunkheap.a. Says what it does, and ends with status 0 if that is
 * right.
 */
#include <chunkmalloc/heap.h>

#include "say.h"
#include "system_call.h"

CHUNK_HEAP_DEFINE(small, 16, 16);
CHUNK_HEAP_DEFINE(large, 4096, 256); /* 1 MiB */

enum { BLOCKS = 1000 };

static void put_text(const char *text, size_t size) {
    (void)system_call(SYSTEM_WRITE, 1, (long)text, (long)size);
}

static void check(bool condition, unsigned line) {
    if (!condition) {
        say("freestanding.c:%u: not so\n", line);
        system_exit(1);
    }
}

/* Where the block lies in its heap, in bytes. */
static unsigned place(const struct chunk_heap *heap, const void *block) {
    check(chunk_heap_contains(heap, block), __LINE__);
    return (unsigned)((const unsigned char *)block - heap->memory);
}

static void describe(const struct chunk_heap *heap) {
    struct chunk_heap_stats stats;
    chunk_heap_get_stats(heap, &stats);
    say("%u chunks of %u bytes, %u bytes of bookkeeping\n", (unsigned)stats.chunks,
        (unsigned)stats.chunk_size, (unsigned)stats.bookkeeping);
}

static void say_usage(const struct chunk_heap *heap) {
    struct chunk_heap_stats stats;
    chunk_heap_get_stats(heap, &stats);
    check(chunk_heap_check(heap, CHUNK_CHECK_EXHAUSTIVE) == NULL, __LINE__);
    say("  %u blocks, %u free runs, %u of 10000 used, sound\n", (unsigned)stats.live_blocks,
        (unsigned)stats.free_runs, chunk_heap_usage(heap));
}

static void use_small_heap(void) {
    unsigned char *const text = chunk_alloc(&small, 5);
    check(text != NULL, __LINE__);
    say("  5 bytes at %u, of which %u can be used\n", place(&small, text),
        (unsigned)chunk_usable_size(&small, text));
    for (unsigned char i = 0; i < 16; i++) {
        text[i] = i;
    }
    unsigned char *const zeros = chunk_alloc_zeroed(&small, 100);
    check(zeros != NULL && zeros[0] == 0 && zeros[99] == 0, __LINE__);
    say("  100 zeroed bytes at %u\n", place(&small, zeros));
    say_usage(&small);
    unsigned char *const moved = chunk_realloc(&small, text, 128);
    check(moved != NULL && moved[0] == 0 && moved[15] == 15, __LINE__);
    check(chunk_alloc(&small, 17) == NULL, __LINE__);
    say("  the first now of 128 bytes at %u, and no room for 17 more\n", place(&small, moved));
    chunk_free(&small, zeros);
    chunk_free_sized(&small, moved, 128);
    unsigned char *const whole = chunk_alloc_aligned(&small, 256, 256);
    check(whole != NULL && (uintptr_t)whole % 256 == 0, __LINE__);
    say("  256 bytes aligned to 256 at %u\n", place(&small, whole));
    say_usage(&small);
    chunk_free(&small, whole);
    say_usage(&small);
}

static void use_large_heap(void) {
    static unsigned *blocks[BLOCKS];
    for (unsigned i = 0; i < BLOCKS; i++) {
        blocks[i] = chunk_alloc(&large, i + 1 + sizeof *blocks[i]);
        check(blocks[i] != NULL, __LINE__);
        *blocks[i] = i;
    }
    say("  %u blocks of up to %u bytes, the last one at %u\n", (unsigned)BLOCKS,
        (unsigned)(BLOCKS + sizeof *blocks[0]), place(&large, blocks[BLOCKS - 1]));
    say_usage(&large);
    for (unsigned i = 0; i < BLOCKS; i += 2) {
        chunk_free(&large, blocks[i]);
    }
    say_usage(&large);
    for (unsigned i = 1; i < BLOCKS; i += 2) {
        check(*blocks[i] == i, __LINE__);
        chunk_free(&large, blocks[i]);
    }
    void *const whole = chunk_alloc(&large, chunk_heap_capacity(&large));
    say("  one block of all %u bytes at %u\n", (unsigned)chunk_heap_capacity(&large),
        place(&large, whole));
    chunk_free(&large, whole);
    say_usage(&large);
}

void start(void) {
    const uint16_t one = 1;
    const bool is_little = *(const unsigned char *)&one == 1;
    say("freestanding on %s: %u bits, %s-endian\n", SYSTEM_MACHINE, (unsigned)sizeof(void *) * 8,
        is_little ? "little" : "big");
    describe(&small);
    use_small_heap();
    describe(&large);
    use_large_heap();
    say("all is well\n");
    system_exit(0);
}

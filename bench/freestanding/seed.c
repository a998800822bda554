/* SPDX-License-Identifier: MIT */
#include "seed.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Lies behind the bits, so that it is saved and restored with them. */
struct changing {
    uint64_t cursor; /* the first free chunk that the last search has seen, or the one after it */
};

static struct {
    unsigned char *memory;
    size_t chunks;
    size_t chunk_size;
    unsigned char *bits;
    struct changing *changing;
} heap;

static size_t bit_bytes(size_t chunks) {
    return (chunks + 63) / 64 * 8;
}

size_t seed_bitmap_size(size_t chunks) {
    return bit_bytes(chunks) + sizeof(struct changing);
}

void seed_open(void *memory, size_t chunks, size_t chunk_size, void *bitmap) {
    heap.memory = memory;
    heap.chunks = chunks;
    heap.chunk_size = chunk_size;
    heap.bits = bitmap;
    heap.changing = (struct changing *)(void *)(heap.bits + bit_bytes(chunks));
    memset(bitmap, 0, seed_bitmap_size(chunks));
}

static bool is_used(size_t chunk) {
    return (heap.bits[chunk / 8] >> chunk % 8 & 1) != 0;
}

static void set_used(size_t chunk, bool used) {
    const unsigned char bit = (unsigned char)(1u << chunk % 8);
    if (used)
        heap.bits[chunk / 8] |= bit;
    else
        heap.bits[chunk / 8] &= (unsigned char)~bit;
}

static size_t chunks_for(size_t size) {
    return size == 0 ? 1 : (size - 1) / heap.chunk_size + 1;
}

size_t seed_taken(size_t size) {
    return chunks_for(size) * heap.chunk_size;
}

static bool fits(size_t chunk, size_t length, size_t alignment) {
    if (length > heap.chunks - chunk ||
        ((uintptr_t)(heap.memory + chunk * heap.chunk_size) & (alignment - 1)) != 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (is_used(chunk + i))
            return false;
    }
    return true;
}

/* The first free chunk from the cursor on, around the end; the number of chunks if none is. */
static size_t next_free(void) {
    size_t chunk = heap.changing->cursor;
    for (size_t i = 0; i < heap.chunks; i++) {
        if (!is_used(chunk))
            return chunk;
        chunk = chunk + 1 < heap.chunks ? chunk + 1 : 0;
    }
    return heap.chunks;
}

/*
 * The cursor stays at the first free chunk, however small the gap that starts there: larger
 * requests scan from it again. Only a block that is taken from right there moves it, and then into
 * the block. Frees do not move it, so that nothing prefers the gap that a free has just made.
 */
void *seed_alloc(size_t alignment, size_t size) {
    const size_t length = chunks_for(size);
    const size_t first = next_free();
    if (first == heap.chunks)
        return NULL;
    heap.changing->cursor = first;
    size_t chunk = first;
    for (size_t i = 0; i < heap.chunks; i++) {
        if (fits(chunk, length, alignment)) {
            for (size_t j = 0; j < length; j++)
                set_used(chunk + j, true);
            if (chunk == first)
                heap.changing->cursor = (first + 1) % heap.chunks;
            return heap.memory + chunk * heap.chunk_size;
        }
        chunk = chunk + 1 < heap.chunks ? chunk + 1 : 0;
    }
    return NULL;
}

void seed_free(void *block, size_t size) {
    const size_t chunk = (size_t)((unsigned char *)block - heap.memory) / heap.chunk_size;
    const size_t length = chunks_for(size);
    for (size_t i = 0; i < length; i++)
        set_used(chunk + i, false);
}

void *seed_realloc(void *block, size_t old_size, size_t size) {
    if (chunks_for(size) <= chunks_for(old_size))
        return block;
    void *const moved = seed_alloc(1, size);
    if (moved == NULL)
        return NULL;
    memcpy(moved, block, old_size);
    seed_free(block, old_size);
    return moved;
}

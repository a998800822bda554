/* SPDX-License-Identifier: MIT */
/* Making a heap at run time, growing it, and its constants and counters. */
#include "arith.h"
#include "bits.h"
#include "run.h"

enum { ALL_FLAGS = CHUNK_HEAP_NODES_OUTSIDE | CHUNK_HEAP_GROWS | CHUNK_HEAP_ZEROED };

size_t chunk_heap_bookkeeping_size(size_t chunks, unsigned flags) {
    if (chunks == 0 || chunks > CHUNK_HEAP_MAX_CHUNKS || (flags & ~(unsigned)ALL_FLAGS) != 0) {
        return 0;
    }
    return CHUNK_HEAP_BOOKKEEPING_SIZE(chunks, flags);
}

static bool overlap(const void *a, size_t a_size, const void *b, size_t b_size) {
    return (uintptr_t)a < (uintptr_t)b + b_size && (uintptr_t)b < (uintptr_t)a + a_size;
}

static enum chunk_heap_error examine(const void *memory, size_t size, size_t chunk_size,
                                     const void *bookkeeping, size_t bookkeeping_size,
                                     unsigned flags) {
    if (memory == NULL || size == 0) {
        return CHUNK_HEAP_EMPTY;
    }
    if (chunk_size < CHUNK_HEAP_MIN_CHUNK_SIZE || !arith_is_power_of_two(chunk_size)) {
        return CHUNK_HEAP_BAD_CHUNK_SIZE;
    }
    if (((uintptr_t)memory & (chunk_size - 1)) != 0) {
        return CHUNK_HEAP_MISALIGNED;
    }
    if ((size & (chunk_size - 1)) != 0) {
        return CHUNK_HEAP_NOT_A_MULTIPLE;
    }
    const size_t chunks = size >> bits_lowest(chunk_size);
    if (chunks > CHUNK_HEAP_MAX_CHUNKS) {
        return CHUNK_HEAP_TOO_MANY_CHUNKS;
    }
    if (arith_wraps(memory, size) || arith_wraps(bookkeeping, bookkeeping_size)) {
        return CHUNK_HEAP_WRAPS;
    }
    if (bookkeeping == NULL || (uintptr_t)bookkeeping % sizeof(uint64_t) != 0) {
        return CHUNK_HEAP_BOOKKEEPING_MISALIGNED;
    }
    const unsigned known = flags & (unsigned)ALL_FLAGS;
    if (bookkeeping_size < chunk_heap_bookkeeping_size(chunks, known)) {
        return CHUNK_HEAP_BOOKKEEPING_TOO_SMALL;
    }
    if (overlap(memory, size, bookkeeping, bookkeeping_size)) {
        return CHUNK_HEAP_OVERLAPS;
    }
    return known == flags ? CHUNK_HEAP_OK : CHUNK_HEAP_BAD_FLAGS;
}

enum chunk_heap_error chunk_heap_init(struct chunk_heap *heap, void *memory, size_t size,
                                      size_t chunk_size, void *bookkeeping, size_t bookkeeping_size,
                                      unsigned flags) {
    const enum chunk_heap_error error =
        examine(memory, size, chunk_size, bookkeeping, bookkeeping_size, flags);
    if (error != CHUNK_HEAP_OK) {
        return error;
    }
    const unsigned shift = bits_lowest(chunk_size);
    const uint32_t chunks = (uint32_t)(size >> shift);
    if ((flags & CHUNK_HEAP_ZEROED) == 0) {
        __builtin_memset(bookkeeping, 0, chunk_heap_bookkeeping_size(chunks, flags));
    }
    heap->memory = (unsigned char *)memory;
    heap->state = (struct chunk_heap_state *)bookkeeping;
    heap->maps = (uint32_t *)(void *)(heap->state + 1);
    heap->heads = (chunk_link *)(void *)(heap->maps + CHUNK_HEAP_ROWS_(chunks));
    const size_t index_size = CHUNK_HEAP_MAPS_SIZE_(chunks) + CHUNK_HEAP_HEADS_SIZE_(chunks);
    heap->bits =
        (chunk_word *)(void *)((unsigned char *)heap->maps + CHUNK_HEAP_ROUNDED_(index_size));
    const bool outside = (flags & CHUNK_HEAP_NODES_OUTSIDE) != 0;
    heap->nodes =
        outside ? (unsigned char *)(heap->bits + CHUNK_HEAP_BITS_WORDS_(chunks)) : heap->memory;
    heap->misuse = NULL;
    heap->source = NULL;
    heap->chunks = chunks;
    heap->chunk_shift = (uint8_t)shift;
    heap->node_shift = (uint8_t)(outside ? bits_lowest(sizeof(struct chunk_node)) : shift);
    heap->grows = (flags & CHUNK_HEAP_GROWS) != 0;
    return CHUNK_HEAP_OK;
}

const char *chunk_heap_error_text(enum chunk_heap_error error) {
    switch (error) {
    case CHUNK_HEAP_OK:
        return "no error";
    case CHUNK_HEAP_EMPTY:
        return "the heap's memory is empty";
    case CHUNK_HEAP_BAD_CHUNK_SIZE:
        return "the chunk size is not a power of two of at least 16";
    case CHUNK_HEAP_MISALIGNED:
        return "the heap's memory is not aligned to the chunk size";
    case CHUNK_HEAP_NOT_A_MULTIPLE:
        return "the heap's size is not a multiple of the chunk size";
    case CHUNK_HEAP_TOO_MANY_CHUNKS:
        return "the heap has too many chunks";
    case CHUNK_HEAP_WRAPS:
        return "the heap's memory or bookkeeping wraps around the address space";
    case CHUNK_HEAP_BOOKKEEPING_MISALIGNED:
        return "the bookkeeping is not aligned to 8 bytes";
    case CHUNK_HEAP_BOOKKEEPING_TOO_SMALL:
        return "the bookkeeping is too small for the heap";
    case CHUNK_HEAP_OVERLAPS:
        return "the bookkeeping overlaps the heap's memory";
    case CHUNK_HEAP_BAD_FLAGS:
        return "a flag does not exist";
    }
    return "unknown error";
}

size_t chunk_heap_capacity(const struct chunk_heap *heap) {
    return (size_t)heap->chunks << heap->chunk_shift;
}

size_t chunk_heap_chunk_count(const struct chunk_heap *heap) {
    return heap->chunks;
}

size_t chunk_heap_chunk_size(const struct chunk_heap *heap) {
    return (size_t)1 << heap->chunk_shift;
}

size_t chunk_heap_min_alignment(const struct chunk_heap *heap) {
    return chunk_heap_chunk_size(heap);
}

/* Divided bit by bit: a processor of 32 bits has no instruction for it. */
unsigned chunk_heap_usage(const struct chunk_heap *heap) {
    const uint32_t available = chunk_run_available(heap);
    uint64_t rest = (uint64_t)heap->state->used * 10000;
    uint64_t divisor = (uint64_t)available << 13;
    unsigned usage = 0;
    for (unsigned bit = 1u << 13; bit != 0 && available != 0; bit /= 2) {
        CHUNK_STEP(TURN);
        if (rest >= divisor) {
            rest -= divisor;
            usage += bit;
        }
        divisor /= 2;
    }
    return usage;
}

/* Looks at the first runs of the last list that is not empty. */
static uint32_t largest_free(const struct chunk_heap *heap) {
    uint32_t most = chunk_run_available(heap) - heap->state->frontier;
    if (heap->state->rows == 0) {
        return most;
    }
    const uint32_t row = bits_highest(heap->state->rows);
    CHUNK_STEP(LIST);
    uint32_t chunk = chunk_index_head(heap, row * INDEX_ROW + bits_highest(heap->maps[row]));
    for (unsigned i = 0; i < CHUNK_HEAP_SEARCH_MAX && chunk != INDEX_NONE; i++) {
        CHUNK_STEP(TURN);
        const uint32_t length = chunk_run_length(heap, chunk);
        most = length > most ? length : most;
        chunk = chunk_index_follow(heap, chunk, chunk_index_node(heap, chunk)->next);
    }
    return most;
}

void chunk_heap_get_stats(const struct chunk_heap *heap, struct chunk_heap_stats *stats) {
    const struct chunk_heap_state *const state = heap->state;
    const unsigned flags = heap->nodes != heap->memory ? CHUNK_HEAP_NODES_OUTSIDE : 0;
    stats->chunk_size = chunk_heap_chunk_size(heap);
    stats->chunks = heap->chunks;
    stats->available = chunk_run_available(heap);
    stats->used = state->used;
    stats->peak = state->peak;
    stats->frontier = state->frontier;
    stats->touched = state->touched;
    stats->live_blocks = state->live;
    stats->free_runs = state->free;
    stats->largest_free = largest_free(heap);
    stats->failures = state->failures;
    stats->allocations = state->allocations;
    stats->granted = state->granted;
    stats->bookkeeping = chunk_heap_bookkeeping_size(heap->chunks, flags);
}

bool chunk_heap_extend(const struct chunk_heap *heap, size_t chunks) {
    if (!heap->grows || chunks > heap->chunks) {
        return false;
    }
    if (chunks > heap->state->opened) {
        heap->state->opened = (uint32_t)chunks;
    }
    return true;
}

bool chunk_heap_truncate(const struct chunk_heap *heap, size_t chunks) {
    if (!heap->grows || chunks < heap->state->frontier) {
        return false;
    }
    if (chunks < heap->state->opened) {
        heap->state->opened = (uint32_t)chunks;
    }
    return true;
}

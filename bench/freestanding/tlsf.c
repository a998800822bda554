/* SPDX-License-Identifier: MIT */
#include "tlsf.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { ROW = 32, ROWS = 32, HEADER = 8, SMALLEST = 32 };

/* In the low bits of a header; the rest of it is the length of the block, header included. */
#define BIT_FREE ((size_t)1)
#define BIT_LEFT_FREE ((size_t)2)
#define BITS (BIT_FREE | BIT_LEFT_FREE)

/*
 * Seen from its header. The links are there in a free block only; its last 8 bytes then hold its
 * length, for the neighbour on its right.
 */
struct block {
    size_t header;
    struct block *next;
    struct block *previous;
};

static struct lists {
    uint32_t rows; /* bit r: maps[r] is not 0 */
    uint32_t maps[ROWS];
    struct block *heads[ROWS][ROW];
} * lists;

static size_t length_of(const struct block *block) {
    return block->header & ~BITS;
}

static bool is_free(const struct block *block) {
    return (block->header & BIT_FREE) != 0;
}

static struct block *at(const void *block, size_t offset) {
    return (struct block *)(uintptr_t)((const char *)block + offset);
}

static struct block *right_of(const struct block *block) {
    return at(block, length_of(block));
}

static struct block *block_of(void *contents) {
    return (struct block *)(void *)((char *)contents - HEADER);
}

static void *contents_of(struct block *block) {
    return (char *)block + HEADER;
}

size_t tlsf_taken(size_t size) {
    const size_t length = (size + HEADER + TLSF_GRAIN - 1) / TLSF_GRAIN * TLSF_GRAIN;
    return length < SMALLEST ? SMALLEST : length;
}

/* Lists of one length each below 32 grains; above, 32 lists for each power of two. */
static void list_of(size_t length, unsigned *row, unsigned *column) {
    const size_t grains = length / TLSF_GRAIN;
    if (grains < ROW) {
        *row = 0;
        *column = (unsigned)grains;
        return;
    }
    const unsigned log = 63 - (unsigned)__builtin_clzll(grains);
    *row = log - 4;
    *column = (unsigned)(grains >> (log - 5)) % ROW;
}

/* The shortest length from which on every block of a list, and of all after it, is long enough. */
static size_t rounded_up(size_t length) {
    const size_t grains = length / TLSF_GRAIN;
    if (grains < ROW)
        return length;
    const unsigned log = 63 - (unsigned)__builtin_clzll(grains);
    return length + (((size_t)1 << (log - 5)) - 1) * TLSF_GRAIN;
}

static void insert(struct block *block) {
    unsigned row, column;
    list_of(length_of(block), &row, &column);
    struct block **const head = &lists->heads[row][column];
    block->next = *head;
    block->previous = NULL;
    if (*head != NULL)
        (*head)->previous = block;
    *head = block;
    lists->maps[row] |= UINT32_C(1) << column;
    lists->rows |= UINT32_C(1) << row;
}

static void remove_from_list(struct block *block) {
    unsigned row, column;
    list_of(length_of(block), &row, &column);
    if (block->next != NULL)
        block->next->previous = block->previous;
    if (block->previous != NULL) {
        block->previous->next = block->next;
        return;
    }
    lists->heads[row][column] = block->next;
    if (block->next == NULL) {
        lists->maps[row] &= ~(UINT32_C(1) << column);
        if (lists->maps[row] == 0)
            lists->rows &= ~(UINT32_C(1) << row);
    }
}

static struct block *find(size_t length) {
    unsigned row, column;
    list_of(rounded_up(length), &row, &column);
    if (row >= ROWS)
        return NULL;
    uint32_t map = lists->maps[row] & UINT32_MAX << column;
    if (map == 0) {
        const uint32_t rows = row + 1 < ROWS ? lists->rows & UINT32_MAX << (row + 1) : 0;
        if (rows == 0)
            return NULL;
        row = (unsigned)__builtin_ctz(rows);
        map = lists->maps[row];
    }
    return lists->heads[row][__builtin_ctz(map)];
}

/* Enters a free block of that length, whose left neighbour is in use, and tells the right one. */
static void make_free(struct block *block, size_t length) {
    block->header = length | BIT_FREE;
    struct block *const right = right_of(block);
    memcpy((char *)right - sizeof length, &length, sizeof length);
    right->header |= BIT_LEFT_FREE;
    insert(block);
}

/* The block, in no list, becomes one in use; what it need not have becomes free. */
static void cut(struct block *block, size_t have, size_t length) {
    const size_t left_free = block->header & BIT_LEFT_FREE;
    if (have - length < SMALLEST)
        length = have;
    block->header = length | left_free;
    struct block *const rest = right_of(block);
    if (have > length)
        make_free(rest, have - length);
    else
        rest->header &= ~BIT_LEFT_FREE;
}

size_t tlsf_lists_size(void) {
    return (sizeof(struct lists) + 63) / 64 * 64;
}

/* At the start 8 bytes that align what follows the first header, at the end a header in use. */
static size_t length_of_all(size_t size) {
    return size - 2 * HEADER;
}

/* A request is rounded up, so not all of a list's blocks can be had as a whole. */
size_t tlsf_whole(size_t size) {
    const size_t length = length_of_all(size);
    return length - (rounded_up(length) - length) - HEADER;
}

void tlsf_open(void *memory, size_t size, void *memory_of_lists) {
    lists = memory_of_lists;
    memset(lists, 0, sizeof *lists);
    at(memory, size - HEADER)->header = 0;
    make_free(at(memory, HEADER), length_of_all(size));
}

void *tlsf_alloc(size_t size) {
    const size_t length = tlsf_taken(size);
    struct block *const block = find(length);
    if (block == NULL)
        return NULL;
    remove_from_list(block);
    cut(block, length_of(block), length);
    return contents_of(block);
}

/* Asks for so much that a whole free block can be cut off before the aligned place. */
void *tlsf_aligned(size_t alignment, size_t size) {
    if (alignment <= TLSF_GRAIN)
        return tlsf_alloc(size);
    const size_t length = tlsf_taken(size);
    struct block *block = find(length + alignment + SMALLEST);
    if (block == NULL)
        return NULL;
    remove_from_list(block);
    size_t have = length_of(block);
    const uintptr_t start = (uintptr_t)contents_of(block);
    size_t skipped = -start & (alignment - 1);
    if (skipped != 0 && skipped < SMALLEST)
        skipped += alignment;
    if (skipped != 0) {
        struct block *const gap = block;
        block = at(gap, skipped);
        block->header = 0;
        have -= skipped;
        make_free(gap, skipped);
    }
    cut(block, have, length);
    return contents_of(block);
}

void tlsf_free(void *contents) {
    struct block *block = block_of(contents);
    struct block *const right = right_of(block);
    size_t length = length_of(block);
    if (is_free(right)) {
        remove_from_list(right);
        length += length_of(right);
    }
    if ((block->header & BIT_LEFT_FREE) != 0) {
        size_t left;
        memcpy(&left, (char *)block - sizeof left, sizeof left);
        block = (struct block *)(void *)((char *)block - left);
        remove_from_list(block);
        length += left;
    }
    make_free(block, length);
}

void *tlsf_realloc(void *contents, size_t size) {
    struct block *const block = block_of(contents);
    struct block *const right = right_of(block);
    const size_t length = tlsf_taken(size);
    const size_t old = length_of(block);
    const size_t have = old + (is_free(right) ? length_of(right) : 0);
    if (length <= have) {
        if (is_free(right))
            remove_from_list(right);
        cut(block, have, length);
        return contents;
    }
    void *const moved = tlsf_alloc(size);
    if (moved == NULL)
        return NULL;
    memcpy(moved, contents, old - HEADER);
    tlsf_free(contents);
    return moved;
}

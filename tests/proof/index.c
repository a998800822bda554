/* SPDX-License-Identifier: MIT */
#include "core/index.h"

#include "proof.h"

enum { ROWS = 28 };

void proof_list(void);
void proof_order(void);

static uint32_t any_length(void) {
    const uint32_t length = any_u32();
    assume(length >= 1 && length <= CHUNK_HEAP_MAX_CHUNKS);
    return length;
}

/* Each length is in a row that a heap has in which so long a run fits; short ones have a list each;
 * and the longest of a list is longer than the shortest by less than 1/32. */
void proof_list(void) {
    const uint32_t length = any_length();
    const uint32_t other = any_length();
    const uint32_t list = chunk_index_list(length);
    prove(list / INDEX_ROW < CHUNK_HEAP_ROWS_(length) && CHUNK_HEAP_ROWS_(length) <= ROWS);
    prove(length >= INDEX_ROW || list == length);
    if (chunk_index_list(other) == list && other > length) {
        prove((uint64_t)(other - length) * 32 < length);
    }
}

/* Longer runs are in the same list or a later one. */
void proof_order(void) {
    const uint32_t length = any_length();
    const uint32_t longer = any_length();
    assume(longer > length);
    prove(chunk_index_list(longer) >= chunk_index_list(length));
}

/* SPDX-License-Identifier: MIT */
#include "core/bitmap.h"

#include "proof.h"

/*
 * A bitmap of eight words with any contents that obey the rules of bitmap.h, which are assumed of
 * what is looked at. Runs begin in the second word and end in the same or up to five words later:
 * from three words on all is alike.
 */

enum { WORDS = 8, MORE_WORDS = 6 };

void proof_questions(void);
void proof_next(void);
void proof_previous(void);
void proof_start_of(void);

static chunk_word any_bits[2 * WORDS];
static struct chunk_heap heap;

static bool starts(uint32_t chunk) {
    return (any_bits[2 * (chunk / BITS_WORD)] >> chunk % BITS_WORD & 1) != 0;
}

static bool second(uint32_t chunk) {
    return (any_bits[2 * (chunk / BITS_WORD) + 1] >> chunk % BITS_WORD & 1) != 0;
}

static uint32_t any_chunk_of(uint32_t word) {
    return word * BITS_WORD + (any_u32() & (BITS_WORD - 1));
}

/* Does no run start in [from, to)? */
static bool is_empty(uint32_t from, uint32_t to) {
    bool empty = true;
    for (uint32_t word = 0; word < WORDS; word++) {
        chunk_word bits = any_bits[2 * word];
        if (word == from / BITS_WORD) {
            bits &= ~(chunk_word)0 << from % BITS_WORD;
        }
        if (word == to / BITS_WORD) {
            bits &= ((chunk_word)1 << to % BITS_WORD) - 1;
        }
        if (word >= from / BITS_WORD && word <= to / BITS_WORD && bits != 0) {
            empty = false;
        }
    }
    return empty;
}

/* Is [chunk, end) a run, with what its words must say of its ends? */
static bool is_run(uint32_t chunk, uint32_t end) {
    if (chunk >= end || !starts(chunk) || !starts(end) || !is_empty(chunk + 1, end)) {
        return false;
    }
    const uint32_t word = chunk / BITS_WORD;
    const uint32_t last = end / BITS_WORD;
    return last <= word + 2 ||
           (any_bits[2 * (word + 1) + 1] == last && any_bits[2 * (last - 1) + 1] == word);
}

void proof_questions(void) {
    heap.bits = any_bits;
    for (uint32_t word = 0; word < WORDS; word++) {
        const uint32_t chunk = any_chunk_of(word);
        prove(chunk_bitmap_is_start(&heap, chunk) == starts(chunk));
        prove(chunk_bitmap_is_live(&heap, chunk) == (starts(chunk) && second(chunk)));
        prove(chunk_bitmap_is_free(&heap, chunk) == (starts(chunk) && !second(chunk)));
    }
}

/* Proves it of a run, or what may be one, of each kind. */
static void for_each_kind(void (*of)(uint32_t chunk, uint32_t end)) {
    heap.bits = any_bits;
    for (uint32_t more = 0; more < MORE_WORDS; more++) {
        separately(of, any_chunk_of(1), any_chunk_of(1 + more));
    }
}

static void next_of(uint32_t chunk, uint32_t end) {
    if (is_run(chunk, end)) {
        prove(chunk_bitmap_next(&heap, chunk) == end);
    }
}

void proof_next(void) {
    for_each_kind(next_of);
}

static void previous_of(uint32_t chunk, uint32_t end) {
    if (is_run(chunk, end)) {
        prove(chunk_bitmap_previous(&heap, end) == chunk);
    }
}

void proof_previous(void) {
    for_each_kind(previous_of);
}

static void start_of(uint32_t chunk, uint32_t inside) {
    if (chunk <= inside && starts(chunk) && is_empty(chunk + 1, inside + 1)) {
        prove(chunk_bitmap_start_of(&heap, inside) == chunk);
    }
}

void proof_start_of(void) {
    for_each_kind(start_of);
}

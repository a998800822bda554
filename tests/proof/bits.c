/* SPDX-License-Identifier: MIT */
#include "core/bits.h"

#include "proof.h"

void proof_highest(void);
void proof_lowest(void);
void proof_one(void);
void proof_up_to(void);
void proof_words(void);

static chunk_word any_word(void) {
    return (chunk_word)any_u64();
}

static bool is_set(chunk_word word, uint32_t position) {
    return (word >> position & 1) != 0;
}

static uint32_t any_position(void) {
    const uint32_t position = any_u32();
    assume(position < BITS_WORD);
    return position;
}

void proof_highest(void) {
    const chunk_word word = any_word();
    const uint32_t other = any_position();
    assume(word != 0);
    const unsigned found = bits_highest(word);
    prove(found < BITS_WORD && is_set(word, found));
    prove(other <= found || !is_set(word, other));
}

void proof_lowest(void) {
    const chunk_word word = any_word();
    const uint32_t other = any_position();
    assume(word != 0);
    const unsigned found = bits_lowest(word);
    prove(found < BITS_WORD && is_set(word, found));
    prove(other >= found || !is_set(word, other));
}

void proof_one(void) {
    const uint32_t position = any_u32();
    const uint32_t other = any_position();
    prove(is_set(bits_one(position), other) == (other == position % BITS_WORD));
}

void proof_up_to(void) {
    const uint32_t position = any_u32();
    const uint32_t other = any_position();
    prove(is_set(bits_up_to(position), other) == (other <= position % BITS_WORD));
}

/* As few as there is room in for so many bits. */
void proof_words(void) {
    const uint32_t bits = any_u32();
    const uint64_t room = (uint64_t)bits_words(bits) * BITS_WORD;
    prove(room >= bits && room < (uint64_t)bits + BITS_WORD);
}

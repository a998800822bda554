/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_CORE_BITS_H
#define CHUNKMALLOC_CORE_BITS_H

#include <chunkmalloc/heap.h>

/* A word of bits is as wide as a register. */
enum { BITS_WORD = CHUNK_WORD_BITS_ };

/*
 * Where the processor has no instruction for it, a builtin is a call of a function in the
 * compiler's own library, which a program that links with no library does not have.
 */
#if (defined(__riscv) && !defined(__riscv_zbb)) || (defined(__thumb__) && !defined(__thumb2__))
#ifndef CHUNK_NO_BUILTIN_BITS
#define CHUNK_NO_BUILTIN_BITS
#endif
#endif

/* Position of the highest bit set; word is not 0. */
static inline unsigned bits_highest(chunk_word word) {
#ifdef CHUNK_NO_BUILTIN_BITS
    unsigned position = 0;
    for (unsigned step = BITS_WORD / 2; step > 0; step /= 2) {
        if (word >> step != 0) {
            word >>= step;
            position += step;
        }
    }
    return position;
#elif CHUNK_WORD_BITS_ == 64
    return 63u - (unsigned)__builtin_clzll(word);
#else
    return 31u - (unsigned)__builtin_clz(word);
#endif
}

/* Position of the lowest bit set; word is not 0. */
static inline unsigned bits_lowest(chunk_word word) {
#ifdef CHUNK_NO_BUILTIN_BITS
    return bits_highest(word & ((chunk_word)0 - word));
#elif CHUNK_WORD_BITS_ == 64
    return (unsigned)__builtin_ctzll(word);
#else
    return (unsigned)__builtin_ctz(word);
#endif
}

static inline chunk_word bits_one(uint32_t position) {
    return (chunk_word)1 << (position % BITS_WORD);
}

/* Bits 0 to position, both included. */
static inline chunk_word bits_up_to(uint32_t position) {
    return ~(chunk_word)0 >> (BITS_WORD - 1 - position % BITS_WORD);
}

static inline uint32_t bits_words(uint32_t bits) {
    return bits / BITS_WORD + (bits % BITS_WORD != 0);
}

#endif

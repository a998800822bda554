/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_CORE_BITS_H
#define CHUNKMALLOC_CORE_BITS_H

#include <stdint.h>

/*
 * Where the processor has no instruction for it, a builtin is a call of a function in the
 * compiler's own library, which a program that links with no library does not have. For the same
 * reason words are taken by halves where registers are.
 */
#if (defined(__riscv) && !defined(__riscv_zbb)) || (defined(__thumb__) && !defined(__thumb2__))
#ifndef CHUNK_NO_BUILTIN_BITS
#define CHUNK_NO_BUILTIN_BITS
#endif
#endif

/* Position of the highest bit set; half is not 0. */
static inline unsigned bits_half_highest(uint32_t half) {
#ifdef CHUNK_NO_BUILTIN_BITS
    unsigned position = 0;
    for (unsigned step = 16; step > 0; step /= 2) {
        if (half >> step != 0) {
            half >>= step;
            position += step;
        }
    }
    return position;
#else
    return 31u - (unsigned)__builtin_clz(half);
#endif
}

/* Position of the lowest bit set; half is not 0. */
static inline unsigned bits_half_lowest(uint32_t half) {
#ifdef CHUNK_NO_BUILTIN_BITS
    return bits_half_highest(half & (0u - half));
#else
    return (unsigned)__builtin_ctz(half);
#endif
}

/* Position of the lowest bit set; word is not 0. */
static inline unsigned bits_lowest(uint64_t word) {
#if defined(CHUNK_NO_BUILTIN_BITS) || UINTPTR_MAX <= UINT32_MAX
    const uint32_t lower = (uint32_t)word;
    return lower != 0 ? bits_half_lowest(lower) : 32 + bits_half_lowest((uint32_t)(word >> 32));
#else
    return (unsigned)__builtin_ctzll(word);
#endif
}

/* Position of the highest bit set; word is not 0. */
static inline unsigned bits_highest(uint64_t word) {
#if defined(CHUNK_NO_BUILTIN_BITS) || UINTPTR_MAX <= UINT32_MAX
    const uint32_t upper = (uint32_t)(word >> 32);
    return upper != 0 ? 32 + bits_half_highest(upper) : bits_half_highest((uint32_t)word);
#else
    return 63u - (unsigned)__builtin_clzll(word);
#endif
}

static inline uint64_t bits_one(uint32_t position) {
    return (uint64_t)1 << (position & 63);
}

/* Bits 0 to position, both included. */
static inline uint64_t bits_up_to(uint32_t position) {
    return ~(uint64_t)0 >> (63 - (position & 63));
}

static inline uint32_t bits_words(uint32_t bits) {
    return bits / 64 + (bits % 64 != 0);
}

#endif

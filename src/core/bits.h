/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_CORE_BITS_H
#define CHUNKMALLOC_CORE_BITS_H

#include <stdint.h>

/* Position of the lowest bit set; word is not 0. */
static inline unsigned bits_lowest(uint64_t word) {
    return (unsigned)__builtin_ctzll(word);
}

/* Position of the highest bit set; word is not 0. */
static inline unsigned bits_highest(uint64_t word) {
    return 63u - (unsigned)__builtin_clzll(word);
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

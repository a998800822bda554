/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_CORE_ARITH_H
#define CHUNKMALLOC_CORE_ARITH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool arith_is_power_of_two(size_t value) {
    return value != 0 && (value & (value - 1)) == 0;
}

/* unit is a power of two; the sum must not overflow. */
static inline uint64_t arith_round_up(uint64_t value, uint64_t unit) {
    return (value + unit - 1) & ~(unit - 1);
}

static inline bool arith_wraps(const void *start, size_t size) {
    return (uintptr_t)start + size < (uintptr_t)start;
}

#endif

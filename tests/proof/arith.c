/* SPDX-License-Identifier: MIT */
#include "core/arith.h"

#include "proof.h"

void proof_power_of_two(void);
void proof_round_up(void);
void proof_wraps(void);

/* It is one exactly if one bit is set: some bit is, and no other beside that. */
void proof_power_of_two(void) {
    const size_t value = (size_t)any_u64();
    const uint32_t bit = any_u32();
    assume(bit < 8 * sizeof value);
    prove(arith_is_power_of_two((size_t)1 << bit));
    prove(!arith_is_power_of_two(0));
    if (arith_is_power_of_two(value) && (value >> bit & 1) != 0) {
        prove(value == (size_t)1 << bit);
    }
}

/* The smallest multiple that is not smaller. */
void proof_round_up(void) {
    const uint64_t value = any_u64();
    const uint32_t log = any_u32();
    assume(log < 64);
    const uint64_t unit = (uint64_t)1 << log;
    assume(value <= UINT64_MAX - (unit - 1));
    const uint64_t rounded = arith_round_up(value, unit);
    prove(rounded >= value && rounded - value < unit);
    prove(rounded >> log << log == rounded);
}

/* The end of what it covers is no address, or 0. */
void proof_wraps(void) {
    const uintptr_t start = (uintptr_t)any_u64();
    const size_t size = (size_t)any_u64();
    prove(arith_wraps((const void *)start, size) == (size > UINTPTR_MAX - start));
}

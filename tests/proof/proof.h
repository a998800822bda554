/* SPDX-License-Identifier: MIT */
#ifndef TESTS_PROOF_PROOF_H
#define TESTS_PROOF_PROOF_H

/*
 * What the proofs are written with. prove.py runs each function proof_* on all values at once that
 * these give, and that static objects named any_* hold at first.
 */

#include <stdbool.h>
#include <stdint.h>

bool any_bool(void);
uint32_t any_u32(void);
uint64_t any_u64(void);

/* From here on only where it holds. */
void assume(bool condition);
/* Loops are followed for so many rounds, and it is proved that they have no more; otherwise 40. */
void most_rounds(uint32_t number);

/* Calls it, and goes on as if it had not been called: so each of many cases is a small one. */
void separately(void (*of)(uint32_t a, uint32_t b), uint32_t a, uint32_t b);

/* It holds. */
void prove(bool condition);

#endif

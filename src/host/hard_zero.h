/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_HARD_ZERO_H
#define CHUNKMALLOC_HOST_HARD_ZERO_H

/*
 * Blocks of no bytes in the hardened mode: numbers within memory that nobody can touch, which a
 * heap of their own hands out. cm_hard_is_zero tells them.
 */

#include "hard.h"

/* Reserves the numbers; false if there is no memory. */
bool cm_hard_zero_start(void);

/* NULL if all are in use. */
void *cm_hard_zero_alloc(void);

/* Stops the program if there is no such block. */
void cm_hard_zero_free(void *block);

#endif

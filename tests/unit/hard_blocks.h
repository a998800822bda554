/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_HARD_BLOCKS_H
#define TESTS_UNIT_HARD_BLOCKS_H

/* Blocks of the hardened mode, and what the program dies of. */

#include "fixture.h"

#include "capture.h"
#include "host/hard.h"
#include "host/hard_record.h"

enum { SIZE = 100, CLASS = 7 };

/* Sets up a group of tests: the hardened mode is on. */
int hard_start(void **state);

struct cm_place hard_place(const void *block);

/* A block, never one of the sample; freed; whether it was live; freeing of what must be. */
void *hard_get(size_t size);
bool hard_try_free(void *block);
bool hard_is_live(const void *block);
void hard_give(void *block);

/* The signal that the action ends with, and what it says. */
int signal_of(void (*action)(void *context), void *context, struct capture *said);

/* Fails unless the action ends the program with that complaint about the block. */
void assert_dies(void (*action)(void *block), void *block, const char *complaint);

/* Fails unless reading and writing the byte both end the program. */
void assert_untouchable(void *byte);

/* An action: frees the block. */
void free_it(void *block);

#endif

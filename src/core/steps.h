/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_CORE_STEPS_H
#define CHUNKMALLOC_CORE_STEPS_H

/*
 * What the bounds of heap.h count. In a build with -DCHUNK_COUNT_STEPS every step adds one to a
 * counter, which the program defines. In any other it is nothing, and therefore a macro: with an
 * empty function gcc chose other registers.
 */

#include <stdint.h>

enum chunk_step {
    CHUNK_STEP_PAIR, /* a look at a pair of words of the bitmap, to read or to write it */
    CHUNK_STEP_LIST, /* at the head of a list of the index, or at the map of a row of them */
    CHUNK_STEP_NODE, /* at the node of a free run */
    CHUNK_STEP_TURN, /* once round a loop: no look, and not among the steps of heap.h */
    CHUNK_STEP_KINDS
};

#ifdef CHUNK_COUNT_STEPS
extern uint64_t chunk_steps[CHUNK_STEP_KINDS];
#define CHUNK_STEP(kind) ((void)chunk_steps[CHUNK_STEP_##kind]++)
#else
#define CHUNK_STEP(kind) ((void)0)
#endif

#endif

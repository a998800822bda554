/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_RETAIN_H
#define CHUNKMALLOC_HOST_RETAIN_H

/*
 * How much free memory stays resident. There is no clock and no thread: a program may free its last
 * block and then sleep, so what is to be given back must be given back as the program frees; and
 * a program that frees and takes in turn must keep its memory. Three observations decide, all
 * counted in chunks:
 *
 * - Use has fallen to a part of its peak: the program is shrinking, and all but a little goes.
 * - What was just given back is taken again: it was too early. Next time use must fall deeper, and
 *   when it already was nearly nothing, more may stay, up to RETAIN_MOST.
 * - Something was free and resident all the while the program freed many times what it uses: it
 *   is surplus, and goes.
 */

#include <stdbool.h>
#include <stdint.h>

struct cm_retain {
    uint64_t least;  /* may always stay; the option "keep" */
    uint64_t floor;  /* may stay now: least or more */
    uint64_t peak;   /* of use, since the last time that the program shrank */
    unsigned depth;  /* shrinking is to have fallen to 1 / 2^depth of the peak */
    uint64_t given;  /* given back when the program last shrank; 0 once judged */
    uint64_t taken;  /* since then */
    uint64_t again;  /* of these, chunks that had been given back */
    uint64_t freed;  /* since the window of the third observation began */
    uint64_t lowest; /* free and resident chunks since then */
};

#define CM_RETAIN_INITIALISER \
    { .least = 256, .floor = 256, .depth = 1 }

/* Chunks were taken, some of them such as had been given back; used and dirty are now so many. */
void cm_retain_took(struct cm_retain *retain, uint64_t chunks, uint64_t again, uint64_t used,
                    uint64_t dirty);

/* Chunks were freed; used and dirty are now so many. True if *keep of the dirty ones should stay
 * and the others be given back. */
bool cm_retain_freed(struct cm_retain *retain, uint64_t chunks, uint64_t used, uint64_t dirty,
                     uint64_t *keep);

/* Sets what may always stay. */
void cm_retain_at_least(struct cm_retain *retain, uint64_t chunks);

#endif

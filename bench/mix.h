/* SPDX-License-Identifier: MIT */
#ifndef BENCH_MIX_H
#define BENCH_MIX_H

#include "common.h"
#include "mixes.h"

/* A size as the programs of the traces ask for: mix 0..4 is one of them, 5 all in turn. */
static inline size_t mix_size(struct rng *rng, size_t mix) {
    const uint64_t r = rng_next(rng);
    const size_t row = mix < MIXES ? mix : (size_t)((r >> 16) % MIXES);
    return mixes[row][(r >> 40) % MIX_SIZES];
}

#endif

/* SPDX-License-Identifier: MIT */
/* One thread, sizes from 8 bytes to 32 KiB, each doubling equally likely, bursts of both calls. */
#include "common.h"

static struct param params[] = {{"ops", 5000000}, {"live", 4000}};
enum { OPS, LIVE };

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    const size_t live = params[LIVE].value;
    void **blocks = table(live * sizeof *blocks);
    size_t *sizes = table(live * sizeof *sizes);
    struct rng rng = rng_make(1);
    const double start = now();
    for (size_t n = 0; n < params[OPS].value;) {
        const bool allocate = rng_below(&rng, 2);
        for (size_t burst = rng_below(&rng, 200); burst > 0; burst--, n++) {
            const size_t i = rng_below(&rng, live);
            if (blocks[i])
                drop(blocks[i], sizes[i], i);
            blocks[i] = NULL;
            if (!allocate)
                continue;
            sizes[i] = rng_log(&rng, 8, 32 * KIB);
            blocks[i] = make(sizes[i], i);
        }
    }
    for (size_t i = 0; i < live; i++) {
        if (blocks[i])
            drop(blocks[i], sizes[i], i);
    }
    report("mixed", now() - start, params[OPS].value);
}

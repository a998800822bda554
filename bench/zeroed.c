/* SPDX-License-Identifier: MIT */
/* calloc of memory that is fresh (fresh=1: the heap only grows) or that was used before. */
#include "mix.h"

static struct param params[] = {{"ops", 3000000}, {"live", 5000}, {"fresh", 0}};
enum { OPS, LIVE, FRESH };

static void *make_zeroed(size_t size, size_t tag) {
    uint8_t *block = need(calloc(size / 4 + 1, 4), size);
    if (block[0] | block[size / 2] | block[size - 1])
        fail("NOT ZERO: block of %zu bytes\n", size);
    memset(block + size / 2, 0xa5, size - size / 2);
    mark(block, size, tag);
    return block;
}

/* Sizes of the traces, and every 64th up to 256 KiB. */
static size_t any_size(struct rng *rng) {
    return rng_below(rng, 64) ? mix_size(rng, MIXES) : rng_log(rng, 4 * KIB, 256 * KIB);
}

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    const bool fresh = params[FRESH].value != 0;
    const size_t ops = params[OPS].value, live = fresh ? ops : params[LIVE].value;
    void **blocks = table(live * sizeof *blocks);
    size_t *sizes = table(live * sizeof *sizes);
    struct rng rng = rng_make(7);
    const double start = now();
    for (size_t n = 0; n < ops; n++) {
        const size_t i = fresh ? n : rng_below(&rng, live);
        if (blocks[i])
            drop(blocks[i], sizes[i], i);
        sizes[i] = any_size(&rng);
        blocks[i] = make_zeroed(sizes[i], i);
    }
    for (size_t i = 0; i < live; i++) {
        if (blocks[i])
            drop(blocks[i], sizes[i], i);
    }
    report(fresh ? "calloc-fresh" : "calloc-reused", now() - start, ops);
}

/* SPDX-License-Identifier: MIT */
/* Blocks with alignments from 32 to 4096 bytes, replaced at random. */
#include "mix.h"

static struct param params[] = {{"ops", 3000000}, {"live", 10000}};
enum { OPS, LIVE };

static void *make_aligned(struct rng *rng, size_t size, size_t tag) {
    const size_t alignment = (size_t)32 << rng_below(rng, 8);
    void *block;
    if (posix_memalign(&block, alignment, size) != 0)
        fail("OUT OF MEMORY: %zu bytes at %zu\n", size, alignment);
    if ((uintptr_t)block % alignment != 0)
        fail("WRONG ALIGNMENT: %p, not %zu\n", block, alignment);
    mark(block, size, tag);
    return block;
}

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    const size_t live = params[LIVE].value;
    void **blocks = table(live * sizeof *blocks);
    size_t *sizes = table(live * sizeof *sizes);
    struct rng rng = rng_make(6);
    const double start = now();
    for (size_t n = 0; n < params[OPS].value; n++) {
        const size_t i = rng_below(&rng, live);
        if (blocks[i])
            drop(blocks[i], sizes[i], i);
        sizes[i] = mix_size(&rng, MIXES);
        blocks[i] = make_aligned(&rng, sizes[i], i);
    }
    for (size_t i = 0; i < live; i++) {
        if (blocks[i])
            drop(blocks[i], sizes[i], i);
    }
    report("aligned", now() - start, params[OPS].value);
}

/* SPDX-License-Identifier: MIT */
/* Batches of objects, freed in reverse order (fifo=0) or in the order of their birth (fifo=1). */
#include "mix.h"

static struct param params[] = {{"ops", 10000000}, {"fifo", 0}, {"mix", 5}};
enum { OPS, FIFO, MIX };

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    const bool fifo = params[FIFO].value != 0;
    enum { LONGEST = 10000 };
    void **blocks = table(LONGEST * sizeof *blocks);
    size_t *sizes = table(LONGEST * sizeof *sizes);
    struct rng rng = rng_make(2);
    const double start = now();
    for (size_t done = 0; done < params[OPS].value;) {
        const size_t count = rng_log(&rng, 2, LONGEST);
        for (size_t i = 0; i < count; i++) {
            sizes[i] = mix_size(&rng, params[MIX].value);
            blocks[i] = make(sizes[i], i);
        }
        for (size_t n = 0; n < count; n++) {
            const size_t i = fifo ? n : count - 1 - n;
            drop(blocks[i], sizes[i], i);
        }
        done += count;
    }
    report(fifo ? "fifo" : "lifo", now() - start, params[OPS].value);
}

/* SPDX-License-Identifier: MIT */
/* Large blocks of mixed sizes, 32 KiB to 8 MiB, all pages written, at most `live_mib` at a time. */
#include "common.h"

static struct param params[] = {
    {"ops", 2000}, {"live_mib", 128}, {"low", 32768}, {"high", 8388608}};
enum { OPS, LIVE_MIB, LOW, HIGH };

#define MOST 4096

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    void **blocks = table(MOST * sizeof *blocks);
    size_t *sizes = table(MOST * sizeof *sizes);
    size_t count = 0, bytes = 0;
    struct rng rng = rng_make(5);
    const double start = now();
    for (size_t n = 0; n < params[OPS].value; n++) {
        const size_t size = rng_log(&rng, params[LOW].value, params[HIGH].value);
        while (count > 0 && (count == MOST || bytes + size > params[LIVE_MIB].value * MIB)) {
            const size_t i = rng_below(&rng, count);
            drop(blocks[i], sizes[i], sizes[i]);
            bytes -= sizes[i];
            blocks[i] = blocks[--count];
            sizes[i] = sizes[count];
        }
        blocks[count] = make(size, size);
        sizes[count++] = size;
        bytes += size;
    }
    while (count-- > 0)
        drop(blocks[count], sizes[count], sizes[count]);
    report_after("large", now() - start, params[OPS].value, 0);
}

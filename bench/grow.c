/* SPDX-License-Identifier: MIT */
/*
 * A heap that grows to `mib`, blocks of 32 bytes to 128 KiB, then is freed in the order of birth.
 * At most half of the machine's memory is used.
 */
#include "common.h"

static struct param params[] = {{"mib", 3072}};
enum { MIB_TOTAL };

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    const size_t half = (size_t)sysconf(_SC_PHYS_PAGES) / 2 * (size_t)sysconf(_SC_PAGESIZE);
    const size_t wanted = params[MIB_TOTAL].value * MIB;
    const size_t total = wanted < half ? wanted : half, most = total / 1024;
    void **blocks = table(most * sizeof *blocks);
    uint32_t *sizes = table(most * sizeof *sizes);
    struct rng rng = rng_make(8);
    size_t count = 0;
    const double start = now();
    for (size_t bytes = 0; bytes < total && count < most; bytes += sizes[count++]) {
        const size_t size = rng_log(&rng, 32, 128 * KIB);
        blocks[count] = make(size, count);
        sizes[count] = (uint32_t)size;
    }
    for (size_t i = 0; i < count; i++)
        drop(blocks[i], sizes[i], i);
    const double seconds = now() - start;
    munmap(blocks, most * sizeof *blocks);
    munmap(sizes, most * sizeof *sizes);
    report_after("grow", seconds, 2 * count, 0);
}

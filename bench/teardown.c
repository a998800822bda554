/* SPDX-License-Identifier: MIT */
/* Builds `objects` small objects, frees all in random order, and looks at what stays resident. */
#include "common.h"

static struct param params[] = {{"objects", 16777216}};
enum { OBJECTS };

static size_t size_of(size_t i) {
    return 16 + (i * 2654435761u >> 7) % 49;
}

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    size_t count = 1;
    while (count * 2 <= params[OBJECTS].value)
        count *= 2;
    void **blocks = table(count * sizeof *blocks);
    const double start = now();
    for (size_t i = 0; i < count; i++)
        blocks[i] = make(size_of(i), i);
    /* A full-period generator modulo the power of two: a random order without a table of it. */
    size_t at = 12345 % count;
    for (size_t n = 0; n < count; n++) {
        at = (at * 1664525 + 1013904223) & (count - 1);
        const size_t i = (at ^ at >> 9) & (count - 1);
        drop(blocks[i], size_of(i), i);
    }
    const double seconds = now() - start;
    munmap(blocks, count * sizeof *blocks);
    report_after("teardown", seconds, 2 * count, 0);
}

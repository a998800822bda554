/* SPDX-License-Identifier: MIT */
/*
 * False sharing after Berger et al. (Hoard, ASPLOS 2000). Active: threads that allocate at the same
 * time must not get parts of one cache line. Passive (passive=1): main makes neighbours and hands
 * them out; what a thread gets after it has freed its own must not lie beside another's.
 */
#include "common.h"

static struct param params[] = {
    {"rounds", 100000}, {"threads", 4}, {"passive", 0}, {"writes", 3000}, {"size", 8}};
enum { ROUNDS, THREADS, PASSIVE, WRITES, SIZE };

struct sharer {
    void *given;
};

static void *share(void *context) {
    struct sharer *sharer = context;
    const size_t size = params[SIZE].value, writes = params[WRITES].value;
    if (sharer->given)
        drop(sharer->given, size, 7);
    for (size_t n = params[ROUNDS].value / params[THREADS].value; n > 0; n--) {
        volatile uint8_t *block = make(size, n);
        const uint8_t byte = block[0];
        for (size_t i = 0; i < writes; i++)
            block[0] = (uint8_t)(block[0] + 1);
        block[0] = byte;
        drop((void *)(uintptr_t)block, size, n);
    }
    return NULL;
}

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    const size_t count = params[THREADS].value;
    const bool passive = params[PASSIVE].value != 0;
    struct sharer *sharers = table(count * sizeof *sharers);
    const double start = now();
    for (size_t i = 0; i < count && passive; i++)
        sharers[i].given = make(params[SIZE].value, 7);
    run_threads(count, share, sharers, sizeof *sharers);
    report(passive ? "sharing-passive" : "sharing-active", now() - start, params[ROUNDS].value);
}

/* SPDX-License-Identifier: MIT */
/* Each thread keeps `live` objects and replaces a random one per operation; sizes from the traces.
 */
#include "mix.h"

static struct param params[] = {{"ops", 8000000}, {"live", 20000}, {"threads", 1}, {"mix", 5}};
enum { OPS, LIVE, THREADS, MIX };

struct object {
    void *block;
    size_t size;
};

static void *churn(void *context) {
    const size_t live = params[LIVE].value, mix = params[MIX].value;
    struct rng rng = rng_make(*(size_t *)context);
    struct object *objects = table(live * sizeof *objects);
    for (size_t i = 0; i < live; i++) {
        objects[i].size = mix_size(&rng, mix);
        objects[i].block = make(objects[i].size, i);
    }
    for (size_t n = params[OPS].value / params[THREADS].value; n > 0; n--) {
        const size_t i = rng_below(&rng, live);
        drop(objects[i].block, objects[i].size, i);
        objects[i].size = mix_size(&rng, mix);
        objects[i].block = make(objects[i].size, i);
    }
    for (size_t i = 0; i < live; i++)
        drop(objects[i].block, objects[i].size, i);
    munmap(objects, live * sizeof *objects);
    return NULL;
}

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    size_t *seeds = table(params[THREADS].value * sizeof *seeds);
    for (size_t i = 0; i < params[THREADS].value; i++)
        seeds[i] = i;
    const double start = now();
    run_threads(params[THREADS].value, churn, seeds, sizeof *seeds);
    report("churn", now() - start, params[OPS].value);
}

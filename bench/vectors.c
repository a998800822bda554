/* SPDX-License-Identifier: MIT */
/* Vectors that grow by realloc, by `percent` each time, `side` of them in turn, to `top` bytes. */
#include "common.h"

static struct param params[] = {{"vectors", 10000}, {"side", 8}, {"top", 2097152}, {"percent", 50}};
enum { VECTORS, SIDE, TOP, PERCENT };

struct vector {
    uint32_t *items;
    size_t used, capacity, limit;
};

static void append(struct vector *vector, uint32_t item) {
    if (vector->used == vector->capacity) {
        vector->capacity += vector->capacity * params[PERCENT].value / 100 + 4;
        vector->items =
            need(realloc(vector->items, vector->capacity * sizeof item), vector->capacity);
    }
    vector->items[vector->used++] = item;
}

static void finish(struct vector *vector) {
    for (size_t i = 0; i < vector->used; i += 61) {
        if (vector->items[i] != (uint32_t)i)
            fail("WRONG DATA: item %zu of a vector\n", i);
    }
    free(vector->items);
    *vector = (struct vector){0};
}

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    const size_t side = params[SIDE].value, longest = params[TOP].value / sizeof(uint32_t);
    struct vector *vectors = table(side * sizeof *vectors);
    struct rng rng = rng_make(4);
    size_t items = 0;
    const double start = now();
    for (size_t done = 0; done < params[VECTORS].value;) {
        struct vector *vector = &vectors[rng_below(&rng, side)];
        if (vector->limit == 0)
            vector->limit = rng_log(&rng, 16, longest);
        for (size_t n = 0; n < 500 && vector->used < vector->limit; n++, items++)
            append(vector, (uint32_t)vector->used);
        if (vector->used < vector->limit)
            continue;
        finish(vector);
        done++;
    }
    for (size_t i = 0; i < side; i++)
        finish(&vectors[i]);
    report("vectors", now() - start, items);
}

/* SPDX-License-Identifier: MIT */
/* Many threads that live shortly, `width` at a time; each allocates a few objects, some left to
 * main. */
#include "mix.h"

static struct param params[] = {{"count", 20000}, {"width", 8}, {"objects", 20}};
enum { COUNT, WIDTH, OBJECTS };

#define MOST 64

struct task {
    size_t seed;
    void *left;
};

static void *work(void *context) {
    struct task *task = context;
    struct rng rng = rng_make(task->seed);
    const size_t count = params[OBJECTS].value;
    void *blocks[MOST];
    size_t sizes[MOST];
    for (size_t i = 0; i < count; i++) {
        sizes[i] = mix_size(&rng, MIXES);
        blocks[i] = make(sizes[i], i);
    }
    for (size_t i = 0; i < count; i++)
        drop(blocks[i], sizes[i], i);
    task->left = make(64, task->seed);
    return NULL;
}

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    const size_t width = params[WIDTH].value;
    if (params[OBJECTS].value > MOST)
        fail("threads: at most %d objects, not %zu\n", MOST, params[OBJECTS].value);
    struct task *tasks = table(width * sizeof *tasks);
    const double start = now();
    for (size_t done = 0; done < params[COUNT].value; done += width) {
        for (size_t i = 0; i < width; i++)
            tasks[i].seed = done + i;
        run_threads(width, work, tasks, sizeof *tasks);
        for (size_t i = 0; i < width; i++)
            drop(tasks[i].left, 64, done + i);
    }
    report("threads", now() - start, params[COUNT].value * (params[OBJECTS].value + 1));
}

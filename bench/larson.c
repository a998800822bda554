/* SPDX-License-Identifier: MIT */
/*
 * Servers after Larson and Krishnan (ISMM 1998): a thread replaces random objects of its set, then
 * ends and leaves the set, with the objects of its predecessors, to a new thread.
 */
#include "mix.h"

static struct param params[] = {
    {"ops", 8000000}, {"threads", 4}, {"live", 5000}, {"generations", 20}, {"mix", 5}};
enum { OPS, THREADS, LIVE, GENERATIONS, MIX };

struct object {
    void *block;
    size_t size;
};

struct server {
    struct object *objects;
    struct rng rng;
    size_t generation;
    pthread_t thread;
};

static void *serve(void *context) {
    struct server *server = context;
    const size_t live = params[LIVE].value;
    size_t n = params[OPS].value / params[THREADS].value / params[GENERATIONS].value;
    for (; n > 0; n--) {
        const size_t i = rng_below(&server->rng, live);
        struct object *object = &server->objects[i];
        drop(object->block, object->size, i);
        object->size = mix_size(&server->rng, params[MIX].value);
        object->block = make(object->size, i);
    }
    return NULL;
}

/* A line of servers, each started when its predecessor has ended. */
static void *line(void *context) {
    struct server *server = context;
    for (size_t i = 0; i < params[GENERATIONS].value; i++) {
        if (pthread_create(&server->thread, NULL, serve, server) != 0)
            fail("cannot create a thread\n");
        pthread_join(server->thread, NULL);
    }
    return NULL;
}

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    const size_t count = params[THREADS].value, live = params[LIVE].value;
    struct server *servers = table(count * sizeof *servers);
    const double start = now();
    for (size_t s = 0; s < count; s++) {
        servers[s].rng = rng_make(s);
        servers[s].objects = table(live * sizeof(struct object));
        for (size_t i = 0; i < live; i++) {
            const size_t size = mix_size(&servers[s].rng, params[MIX].value);
            servers[s].objects[i] = (struct object){make(size, i), size};
        }
    }
    run_threads(count, line, servers, sizeof *servers);
    for (size_t s = 0; s < count; s++) {
        for (size_t i = 0; i < live; i++)
            drop(servers[s].objects[i].block, servers[s].objects[i].size, i);
    }
    report("larson", now() - start, params[OPS].value);
}

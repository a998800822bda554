/* SPDX-License-Identifier: MIT */
/* A shared object for programs to load: it allocates at load time, when asked, and at unload. */
#include "plugin.h"

#include <stdlib.h>
#include <string.h>

static void *kept;

/* Too large for the surplus of static TLS: the loader allocates it at first use in a thread. */
static _Thread_local char scratch[20000];

__attribute__((constructor)) static void load(void) {
    kept = malloc(5000);
    if (kept == NULL) {
        abort();
    }
    memset(kept, 1, 5000);
}

__attribute__((destructor)) static void unload(void) {
    free(kept);
    free(malloc(70000));
}

static void *allocate(size_t size) {
    scratch[size % sizeof scratch] = 1;
    return malloc(size);
}

static void release(void *block) {
    scratch[0] = 1;
    free(block);
}

const struct plugin plugin = {
    .allocate = allocate,
    .resize = realloc,
    .release = release,
    .copy = strdup,
};

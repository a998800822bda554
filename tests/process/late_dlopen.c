/* SPDX-License-Identifier: MIT */
/*
 * late_dlopen local|global LIBRARY PLUGIN
 *
 * The library loaded by a running program that already has an allocator: its static TLS must fit,
 * nothing of the program changes hands, and blocks that the program has can be given to its
 * functions. It cannot be unloaded.
 */
#include "plugin.h"
#include "workout.h"

#include <chunkmalloc/chunkmalloc.h>
#include <sys/wait.h>

struct library {
    const char *(*version)(void);
    bool (*owns)(const void *);
    void *(*allocate)(size_t);
    void *(*resize)(void *, size_t);
    size_t (*usable)(void *);
    void (*release)(void *);
};

static struct library library;

static void *open_object(const char *path, int flags) {
    void *const handle = dlopen(path, RTLD_NOW | flags);
    if (handle == NULL) {
        support_write(dlerror());
    }
    CHECK(handle != NULL);
    return handle;
}

/* By the library's own functions, with blocks of its own and with the program's. */
static void *use_library(void *argument) {
    for (size_t size = (size_t)argument; size < 2000000; size = size * 2 + 1) {
        unsigned char *block = library.allocate(size);
        CHECK(block != NULL && is_aligned(block, 16));
        CHECK(library.usable(block) >= size);
        pattern_fill(block, size, size);
        block = library.resize(block, size * 3);
        CHECK(block != NULL && pattern_holds(block, size, size));
        library.release(block);

        unsigned char *const foreign = malloc(hide_size(size));
        CHECK(foreign != NULL && !library.owns(foreign));
        CHECK(library.usable(foreign) >= size);
        pattern_fill(foreign, size, size);
        block = library.resize(foreign, size * 2 + 100);
        CHECK(block != NULL && pattern_holds(block, size, size));
        library.release(block);
        library.release(hide(malloc(hide_size(size))));
    }
    return NULL;
}

static void check_fork(void) {
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        watchdog(20);
        (void)use_library((void *)3);
        workout_all_classes();
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(int argc, char **argv) {
    support_begin(60);
    CHECK(argc == 4 && !library_present());
    unsigned char *const early = malloc(3000);
    CHECK(early != NULL);
    pattern_fill(early, 3000, 1);
    const bool global = strcmp(argv[1], "global") == 0;
    CHECK(global || strcmp(argv[1], "local") == 0);

    void *const handle = open_object(argv[2], global ? RTLD_GLOBAL : RTLD_LOCAL);
    CHECK(library_present() == global);
    find_in(handle, "chunkmalloc_version", &library.version);
    find_in(handle, "chunkmalloc_owns", &library.owns);
    find_in(handle, "malloc", &library.allocate);
    find_in(handle, "realloc", &library.resize);
    find_in(handle, "malloc_usable_size", &library.usable);
    find_in(handle, "free", &library.release);
    CHECK(strcmp(library.version(), CHUNKMALLOC_VERSION) == 0);

    workout_all_classes();
    (void)use_library((void *)1);
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        start_thread(&threads[i], use_library, i + 1);
    }
    for (size_t i = 0; i < 4; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    const struct plugin *const loaded = dlsym(open_object(argv[3], RTLD_LOCAL), "plugin");
    CHECK(loaded != NULL);
    free(loaded->copy("by the C library"));
    (void)open_object("libm.so.6", RTLD_LOCAL);
    check_fork();

    CHECK(pattern_holds(early, 3000, 1));
    free(early);
    CHECK(dlclose(handle) == 0);
    CHECK(strcmp(library.version(), CHUNKMALLOC_VERSION) == 0);
    (void)use_library((void *)5);
    return 0;
}

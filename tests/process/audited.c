/* SPDX-License-Identifier: MIT */
/*
 * audited PLUGIN
 *
 * A program with an audit library (audit.c): threads that load and unload a plug-in, hand blocks
 * over, also such as the C library made, which are passed on by a name that the loader looks up,
 * and forks.
 */
#include "library.h"
#include "plugin.h"
#include "workout.h"

#include <sys/wait.h>

enum { THREADS = 3, LOADS = 10 };

extern void *__libc_malloc(size_t size);

static const char *plugin_path;

static void *live(void *argument) {
    struct support_random random = {(size_t)argument};
    for (size_t i = 0; i < LOADS; i++) {
        workout(&random, 200, 300000);
        void *const handle = dlopen(plugin_path, RTLD_LAZY | RTLD_LOCAL);
        CHECK(handle != NULL);
        const struct plugin *const loaded = dlsym(handle, "plugin");
        CHECK(loaded != NULL);
        free(loaded->resize(loaded->allocate(100), 50000));
        free(hide(__libc_malloc(hide_size(1000))));
        CHECK(dlclose(handle) == 0);
    }
    return NULL;
}

int main(int argc, char **argv) {
    support_begin(60);
    CHECK(argc == 2);
    plugin_path = argv[1];
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        start_thread(&threads[i], live, i);
    }
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        watchdog(20);
        (void)live((void *)7);
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    check_library();
    CHECK(library_stats().threads <= 1);
    const char *const noted = getenv("TEST_AUDITED");
    CHECK(noted != NULL && strcmp(noted, "1111111") == 0);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * storms forks|spawns|clones|cancels|asynchronous|exit
 *
 * What happens to a process while 8 of its threads (64 for forks) allocate: forks whose children
 * allocate, posix_spawn, children that share the memory and allocate in it, threads cancelled
 * within functions of the C library that allocate, threads cancelled at any instruction while they
 * do not allocate, and the end by exit.
 */
#include "library.h"
#include "workout.h"

#include <dirent.h>
#include <sched.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/wait.h>

enum { MOST_THREADS = 64, FEW_THREADS = 8, STACK = 256 << 10 };

extern char **environ;

static atomic_bool done;
static const char *storm;

static bool is(const char *name) {
    return strcmp(storm, name) == 0;
}

static void *allocate(void *argument) {
    struct support_random random = {(size_t)argument};
    while (!atomic_load(&done)) {
        workout(&random, 100, 30000);
    }
    return NULL;
}

static void await_success(pid_t child, int flags) {
    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, flags) == child && status == 0);
}

static void fork_once(void) {
    const pid_t child = fork();
    if (child == 0) {
        watchdog(30);
        workout_all_classes();
        check_library();
        _exit(0);
    }
    await_success(child, 0);
}

static void spawn_once(void) {
    static char name[] = "storms";
    static char role[] = "child";
    char *const arguments[] = {name, role, NULL};
    pid_t child = 0;
    CHECK(posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, environ) == 0);
    await_success(child, 0);
}

static int share_memory(void *of_parent) {
    free(of_parent);
    workout_all_classes();
    return 0;
}

/* The child uses this thread's caches, so this thread waits, as CLONE_VFORK has it. */
static void clone_once(void) {
    char *const stack = malloc(STACK);
    CHECK(stack != NULL);
    await_success(clone(share_memory, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD,
                        malloc(hide_size(1000))),
                  0);
    free(stack);
}

static void forget(void *block) {
    free(*(void **)block);
}

/* Its cancellation points are read and write, in the midst of what allocates. */
static void *be_cancelled(void *argument) {
    char *line = NULL;
    size_t size = 0;
    (void)argument;
    pthread_cleanup_push(forget, &line);
    for (;;) {
        FILE *const file = fopen("/proc/self/maps", "re");
        if (file != NULL) {
            pthread_cleanup_push((void (*)(void *))(void *)fclose, file);
            while (getline(&line, &size, file) > 0) {
                pthread_testcancel();
            }
            pthread_cleanup_pop(1);
        }
        DIR *const directory = opendir("/proc/self/task");
        if (directory != NULL) {
            (void)closedir(directory);
        }
    }
    pthread_cleanup_pop(1);
    return NULL;
}

struct held {
    void *volatile block;
};

static void clean_up(void *held) {
    free(((struct held *)held)->block);
    workout_all_classes();
}

/* POSIX allows no more to a thread that can be cancelled asynchronously than to become one that
 * cannot. */
static void *compute(void *argument) {
    struct support_random random = {7};
    struct held *const held = argument;
    pthread_cleanup_push(clean_up, held);
    for (;;) {
        const size_t size = 8 + random_size(&random, 60000);
        void *const block = realloc(held->block, hide_size(size));
        CHECK(block != NULL);
        held->block = block;
        /* NOLINTNEXTLINE(cert-pos47-c): that is what is tested */
        CHECK(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL) == 0);
        pattern_fill(block, size, size);
        CHECK(pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, NULL) == 0);
        held->block = NULL;
        free(block);
    }
    pthread_cleanup_pop(1);
    return NULL;
}

static void cancel_once(void *(*victim)(void *)) {
    static struct support_random random = {5};
    pthread_t thread;
    void *result = NULL;
    struct held held = {NULL};
    start_thread(&thread, victim, (size_t)&held);
    (void)usleep((unsigned)random_below(&random, 1500));
    CHECK(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0);
    CHECK(result == PTHREAD_CANCELED);
    workout_all_classes();
}

static void cancel_deferred(void) {
    cancel_once(be_cancelled);
}

static void cancel_asynchronous(void) {
    cancel_once(compute);
}

static void at_end(void) {
    workout_all_classes();
    check_library();
}

static void exit_once(void) {
    const pid_t child = fork();
    if (child == 0) {
        pthread_t threads[FEW_THREADS];
        watchdog(30);
        CHECK(atexit(at_end) == 0);
        for (size_t i = 0; i < FEW_THREADS; i++) {
            start_thread(&threads[i], allocate, i);
        }
        (void)usleep(500);
        exit(0);
    }
    await_success(child, 0);
}

typedef void (*storm_event)(void);

static storm_event find_event(void) {
    static const struct {
        const char *storm;
        storm_event event;
    } events[] = {
        {"forks", fork_once},         {"spawns", spawn_once}, {"clones", clone_once},
        {"cancels", cancel_deferred}, {"exit", exit_once},    {"asynchronous", cancel_asynchronous},
    };
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        if (is(events[i].storm)) {
            return events[i].event;
        }
    }
    support_fail(__FILE__, __LINE__, storm);
}

int main(int argc, char **argv) {
    support_begin(100);
    CHECK(argc == 2);
    storm = argv[1];
    if (is("child")) {
        workout_all_classes();
        return 0;
    }
    const storm_event event = find_event();
    const size_t count = is("forks") ? MOST_THREADS : FEW_THREADS;
    const size_t usual = is("forks") ? 20 : 60;
    const size_t times = support_thorough() ? 1000 : usual;
    pthread_t threads[MOST_THREADS];
    for (size_t i = 0; i < count; i++) {
        start_thread(&threads[i], allocate, i);
    }
    for (size_t i = 0; i < times; i++) {
        event();
    }
    atomic_store(&done, true);
    for (size_t i = 0; i < count; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    check_library();
    CHECK(library_stats().threads <= 1);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* A vfork child shares everything with its parent, and allocates before it runs another program. */
#include "workout.h"

#include <stdatomic.h>
#include <sys/wait.h>

enum { CHILDREN = 100, ALLOCATORS = 2 };

extern char **environ;

static atomic_bool done;
static unsigned char *left_by_child;

static void *allocate(void *argument) {
    struct support_random random = {(size_t)argument};
    while (!atomic_load(&done)) {
        workout(&random, 100, 30000);
    }
    return NULL;
}

static __attribute__((noinline)) void be_child(unsigned char *of_parent) {
    static char name[] = "vfork_exec";
    static char role[] = "child";
    static char *arguments[] = {name, role, NULL};
    free(of_parent);
    workout_all_classes();
    left_by_child = malloc(5000);
    CHECK(left_by_child != NULL);
    pattern_fill(left_by_child, 5000, 9);
    (void)execve("/proc/self/exe", arguments, environ);
    _exit(1);
}

int main(int argc, char **argv) {
    support_begin(60);
    if (argc == 2 && strcmp(argv[1], "child") == 0) {
        workout_all_classes();
        return 0;
    }
    pthread_t threads[ALLOCATORS];
    for (size_t i = 0; i < ALLOCATORS; i++) {
        start_thread(&threads[i], allocate, i);
    }
    for (size_t i = 0; i < CHILDREN; i++) {
        unsigned char *const of_parent = malloc(hide_size(100 + 200 * i));
        CHECK(of_parent != NULL);
        const pid_t child = vfork();
        CHECK(child >= 0);
        if (child == 0) {
            be_child(of_parent);
        }
        int status = 0;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
        CHECK(pattern_holds(left_by_child, 5000, 9));
        free(left_by_child);
        workout_all_classes();
    }
    atomic_store(&done, true);
    for (size_t i = 0; i < ALLOCATORS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    return 0;
}

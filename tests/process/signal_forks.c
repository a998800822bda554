/* SPDX-License-Identifier: MIT */
/*
 * signal_forks fork|_Fork
 *
 * Signal handlers that fork, in threads that allocate, so that the allocator is what they often
 * interrupt. The children run a program or end; those of fork ask for memory first, which they get
 * or not. For those of _Fork, nobody has taken any lock.
 */
#include "library.h"
#include "workout.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

enum { THREADS = 4, FORKS = 150 };

static atomic_bool done;
static atomic_size_t forks;
static bool with_handlers;

/* Among what a child was refused and granted, for the parent to count. */
enum { GRANTED = 0, REFUSED = 1 };
static atomic_size_t answers[2];

static int ask_for_memory(void) {
    bool refused = false;
    for (size_t size = 40; size < 400000; size *= 3) {
        unsigned char *const block = malloc(hide_size(size));
        CHECK(block != NULL || errno == ENOMEM);
        refused |= block == NULL;
        if (block != NULL) {
            memset(block, 1, size);
            free(block);
        }
    }
    return refused ? REFUSED : GRANTED;
}

static void handle(int number) {
    (void)number;
    const int saved = errno;
    const size_t count = atomic_fetch_add(&forks, 1);
    const pid_t child = with_handlers ? fork() : _Fork();
    CHECK(child >= 0);
    if (child == 0) {
        (void)alarm(30);
        const int answer = with_handlers ? ask_for_memory() : GRANTED;
        if (count % 8 == 0) {
            (void)execl("/proc/self/exe", "signal_forks", "child", (char *)NULL);
        }
        _exit(answer);
    }
    int status = 0;
    pid_t ended;
    do {
        ended = waitpid(child, &status, 0);
    } while (ended < 0 && errno == EINTR);
    CHECK(ended == child && WIFEXITED(status) && WEXITSTATUS(status) <= REFUSED);
    atomic_fetch_add(&answers[WEXITSTATUS(status)], 1);
    errno = saved;
}

static void *allocate(void *argument) {
    struct support_random random = {(size_t)argument};
    while (!atomic_load(&done)) {
        workout(&random, 100, 300000);
        workout_all_classes();
    }
    return NULL;
}

int main(int argc, char **argv) {
    support_begin(100);
    CHECK(argc == 2);
    if (strcmp(argv[1], "child") == 0) {
        workout_all_classes();
        return 0;
    }
    with_handlers = strcmp(argv[1], "fork") == 0;
    const struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        start_thread(&threads[i], allocate, i);
    }
    const size_t wanted = support_thorough() ? 50 * FORKS : FORKS;
    for (size_t i = 0; atomic_load(&forks) < wanted; i++) {
        (void)usleep(500);
        CHECK(pthread_kill(threads[i % THREADS], SIGUSR1) == 0);
    }
    atomic_store(&done, true);
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    check_library();
    printf("%zu children granted all, %zu not\n", atomic_load(&answers[GRANTED]),
           atomic_load(&answers[REFUSED]));
    return 0;
}

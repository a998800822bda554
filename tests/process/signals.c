/* SPDX-License-Identifier: MIT */
/*
 * signals quiet|large
 *
 * Signals 10 000 times a second, from a timer and from a thread, to threads that allocate. The
 * handlers do not allocate, or they allocate, resize and free large blocks, which no handler may:
 * then the library refuses what it cannot do, and neither hangs nor comes to harm.
 */
#include "library.h"
#include "workout.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>

enum { THREADS = 3, PERIOD = 100 /* microseconds */, AT_LEAST = 2000 };

static atomic_bool done;
static atomic_size_t handled;
static atomic_size_t refused;
static bool allocating;

static void use_large_blocks(size_t size) {
    unsigned char *const block = malloc(hide_size(size));
    if (block == NULL) {
        CHECK(errno == ENOMEM);
        atomic_fetch_add(&refused, 1);
        return;
    }
    CHECK(malloc_usable_size(block) >= size);
    block[size - 1] = 7;
    unsigned char *const grown = hide(realloc(hide(block), 2 * size));
    unsigned char *const last = grown != NULL ? grown : block;
    CHECK(last[size - 1] == 7);
    free(last);
}

static void handle(int number) {
    const int saved = errno;
    volatile unsigned char used[2000];
    memset((void *)(uintptr_t)used, number, sizeof used);
    errno = EXDEV;
    if (allocating) {
        use_large_blocks(40000 + (size_t)number * 3000);
    }
    atomic_fetch_add(&handled, used[number] == number);
    errno = saved;
}

static void *allocate(void *argument) {
    struct support_random random = {(size_t)argument};
    while (!atomic_load(&done)) {
        workout(&random, 300, allocating ? 600000 : 60000);
        workout_all_classes();
        (void)malloc_trim(0);
    }
    return NULL;
}

int main(int argc, char **argv) {
    support_begin(60);
    CHECK(argc == 2);
    allocating = strcmp(argv[1], "large") == 0;
    const size_t wanted = support_thorough() ? 100 * AT_LEAST : AT_LEAST;
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    CHECK(sigaction(SIGVTALRM, &action, NULL) == 0);
    const struct itimerval period = {{0, PERIOD}, {0, PERIOD}};
    CHECK(setitimer(ITIMER_VIRTUAL, &period, NULL) == 0);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        start_thread(&threads[i], allocate, i);
    }
    for (size_t i = 0; atomic_load(&handled) < wanted; i++) {
        CHECK(pthread_kill(threads[i % THREADS], SIGUSR1) == 0);
        (void)usleep(PERIOD);
    }
    atomic_store(&done, true);
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    check_library();
    CHECK(!allocating || atomic_load(&refused) > 0);
    return 0;
}

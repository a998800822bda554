/* SPDX-License-Identifier: MIT */
/*
 * A program between the library and another preloaded one (neighbour.c). It returns failure; the
 * neighbour's destructor turns that into success when it comes to its end.
 */
#include "workout.h"

#include <sys/mman.h>

enum { THREADS = 4, FORKS = 20 };

static void *live(void *argument) {
    struct support_random random = {(size_t)argument};
    for (size_t i = 0; i < 20; i++) {
        workout(&random, 200, 300000);
        void *const pages =
            mmap(NULL, SUPPORT_MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(pages != MAP_FAILED && munmap(pages, SUPPORT_MIB) == 0);
        (void)malloc_trim(0);
    }
    return NULL;
}

int main(void) {
    support_begin(60);
    unsigned long (*calls)(void) = NULL;
    void *const symbol = dlsym(RTLD_DEFAULT, "neighbour_calls");
    memcpy(&calls, &symbol, sizeof calls);
    CHECK(calls != NULL);
    const unsigned long before = calls();
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        start_thread(&threads[i], live, i);
    }
    for (size_t i = 0; i < FORKS; i++) {
        workout_in_child();
    }
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(calls() >= before + (unsigned long)THREADS * 40);
    return EXIT_FAILURE;
}

/* SPDX-License-Identifier: MIT */
/* 10 000 short-lived threads leave nothing behind. */
#include "library.h"
#include "workout.h"

enum { THREADS = 10000, AT_ONCE = 20 };

static void *live_briefly(void *argument) {
    const size_t number = (size_t)argument;
    struct support_random random = {number};
    workout(&random, number % 100, 40000);
    if (number % 10 == 0) {
        workout_all_classes();
    }
    return NULL;
}

static void run_threads(size_t count) {
    pthread_t threads[AT_ONCE];
    for (size_t first = 0; first < count; first += AT_ONCE) {
        for (size_t i = 0; i < AT_ONCE; i++) {
            start_thread(&threads[i], live_briefly, first + i);
        }
        for (size_t i = 0; i < AT_ONCE; i++) {
            CHECK(pthread_join(threads[i], NULL) == 0);
        }
    }
}

int main(void) {
    support_begin(100);
    run_threads(500);
    const size_t resident = resident_bytes();
    const struct chunkmalloc_stats before = library_stats();
    run_threads(THREADS);
    const struct chunkmalloc_stats after = library_stats();
    CHECK(resident_bytes() <= resident + 8 * SUPPORT_MIB);
    check_library();
    if (library_present()) {
        CHECK(before.threads <= 1 && after.threads <= 1);
        CHECK(after.internal <= before.internal + 256 * SUPPORT_KIB);
        CHECK(after.small_live <= before.small_live + 64 * SUPPORT_KIB);
    }
    return 0;
}

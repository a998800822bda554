/* SPDX-License-Identifier: MIT */
/* 10 000 short-lived threads leave nothing behind. */
#include "workout.h"

#include <chunkmalloc/chunkmalloc.h>

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

static struct chunkmalloc_stats library_stats(void) {
    struct chunkmalloc_stats stats = {0};
    size_t (*get)(struct chunkmalloc_stats *, size_t) = NULL;
    void *const symbol = dlsym(RTLD_DEFAULT, "chunkmalloc_get_stats");
    memcpy(&get, &symbol, sizeof get);
    if (get != NULL) {
        CHECK(get(&stats, sizeof stats) == sizeof stats);
    }
    return stats;
}

int main(void) {
    support_begin(100);
    run_threads(500);
    const size_t resident = resident_bytes();
    const struct chunkmalloc_stats before = library_stats();
    run_threads(THREADS);
    const struct chunkmalloc_stats after = library_stats();
    CHECK(resident_bytes() <= resident + 8 * SUPPORT_MIB);
    if (library_present()) {
        CHECK(before.threads <= 1 && after.threads <= 1);
        CHECK(after.internal <= before.internal + 256 * SUPPORT_KIB);
        CHECK(after.small_live <= before.small_live + 64 * SUPPORT_KIB);
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * worker MIB [THREADS]
 *
 * A program for limits and tools: takes that much memory in blocks of many sizes, checks it, gives
 * it back, twice over, in as many threads.
 */
#include "workout.h"

static size_t bytes_each;

struct chain {
    struct chain *next;
    size_t size;
    unsigned char contents[];
};

static void *work(void *argument) {
    struct support_random random = {(size_t)argument};
    for (size_t round = 0; round < 2; round++) {
        struct chain *chain = NULL;
        for (size_t taken = 0; taken < bytes_each;) {
            const size_t size = random_size(&random, 200000);
            struct chain *const link = malloc(sizeof *link + hide_size(size));
            CHECK(link != NULL && is_aligned(link, 16));
            link->next = chain;
            link->size = size;
            pattern_fill(link->contents, size, size);
            taken += sizeof *link + size;
            chain = link;
        }
        while (chain != NULL) {
            struct chain *const next = chain->next;
            CHECK(pattern_holds(chain->contents, chain->size, chain->size));
            free(chain);
            chain = next;
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    enum { MOST_THREADS = 16 };
    support_begin(100);
    CHECK(argc >= 2);
    const size_t threads = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    CHECK(threads <= MOST_THREADS);
    bytes_each = strtoul(argv[1], NULL, 10) * SUPPORT_MIB / (threads + 1);
    pthread_t started[MOST_THREADS];
    for (size_t i = 0; i < threads; i++) {
        start_thread(&started[i], work, i + 1);
    }
    (void)work(NULL);
    for (size_t i = 0; i < threads; i++) {
        CHECK(pthread_join(started[i], NULL) == 0);
    }
    return 0;
}

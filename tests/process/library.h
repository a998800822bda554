/* SPDX-License-Identifier: MIT */
#ifndef PROCESS_LIBRARY_H
#define PROCESS_LIBRARY_H

/* What the preloaded library says of itself, to programs that run without it, too. */

#include "../support.h"

#include <chunkmalloc/chunkmalloc.h>

/* All zero without the library. */
static inline struct chunkmalloc_stats library_stats(void) {
    struct chunkmalloc_stats stats = {0};
    size_t (*get)(struct chunkmalloc_stats *, size_t) = NULL;
    find_in_library("chunkmalloc_get_stats", &get);
    if (get != NULL) {
        CHECK(get(&stats, sizeof stats) == sizeof stats);
    }
    return stats;
}

static inline void check_library(void) {
    const char *(*check)(void) = NULL;
    find_in_library("chunkmalloc_check", &check);
    CHECK(check == NULL || check() == NULL);
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_TESTS_DEBT_H
#define CHUNKMALLOC_TESTS_DEBT_H

/* The debt of what was given back too early, for which memory stays resident; work pays it off. */

#include "host/footprint.h"
#include "host/sys.h"

static inline void work_for(uint64_t microseconds) {
    const uint64_t start = cm_sys_microseconds_of_work();
    while (cm_sys_microseconds_of_work() - start < microseconds) {
        (void)cm_footprint_debt();
    }
}

/* And what is allowed without debt is there again. */
static inline void wait_until_debt_is_paid(void) {
    while (cm_footprint_debt() > 0) {
        work_for(1000);
    }
    work_for(300000);
}

#endif

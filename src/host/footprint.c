/* SPDX-License-Identifier: MIT */
#include "footprint.h"

#include "sys.h"

struct cm_footprint cm_footprint = {.keep = CM_KEEP};

/* Microseconds, but for the first. */
enum {
    CREDIT = 2048, /* chunks, 8 MiB: regret that is not counted */
    PRICE = 128,   /* pay for a chunk: its page takes about 2 */
    IDLE = 16,     /* so much time without work is worth one with it */
    STEP = 1024    /* until the clocks are read again */
};

/* Changed without a lock: who loses a race loses a little payment, once. */
static struct {
    uint64_t paid; /* for cm_footprint.again */
    uint64_t when;
    uint64_t work;
} state = {.paid = CREDIT * PRICE};

/* What has been paid since. Time alone would be no measure: where others have the processors most
 * of the time, it passes fast, and most of the work would be to give back and to make anew. Nor
 * would work: several threads do more of it than time passes, and a program that rests does none.
 */
static uint64_t earned(uint64_t passed) {
    const uint64_t now = cm_sys_microseconds_of_work();
    const uint64_t before = __atomic_exchange_n(&state.work, now, __ATOMIC_RELAXED);
    const uint64_t worked = now > before ? now - before : 0; /* less in the child of a fork */
    const uint64_t least = passed / IDLE;
    return worked > passed ? passed : worked > least ? worked : least;
}

uint64_t cm_footprint_debt(void) {
    const uint64_t price = cm_counted(&cm_footprint.again) * PRICE;
    const uint64_t now = cm_sys_microseconds();
    uint64_t when = cm_counted(&state.when);
    uint64_t paid = cm_counted(&state.paid);
    if (now >= when + STEP && __atomic_compare_exchange_n(&state.when, &when, now, false,
                                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        const uint64_t most = price + CREDIT * PRICE;
        paid += earned(now - when);
        paid = paid < most ? paid : most;
        __atomic_store_n(&state.paid, paid, __ATOMIC_RELAXED);
    }
    return price > paid ? (price - paid) / PRICE : 0;
}

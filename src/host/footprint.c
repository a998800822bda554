/* SPDX-License-Identifier: MIT */
#include "footprint.h"

#include "sys.h"

struct cm_footprint cm_footprint = {.keep = CM_KEEP};

enum {
    CREDIT = 2048, /* chunks, 8 MiB: regret that is not counted */
    PRICE = 128    /* microseconds that pay for a chunk: its page takes about 2 */
};

/* Changed without a lock: who loses a race loses a little payment, once. */
static struct {
    uint64_t paid; /* cm_footprint.again, as far as it is paid for */
    uint64_t when; /* in microseconds */
} state = {.paid = CREDIT};

uint64_t cm_footprint_debt(void) {
    const uint64_t now = cm_sys_microseconds();
    const uint64_t again = cm_counted(&cm_footprint.again);
    uint64_t when = cm_counted(&state.when);
    const uint64_t earned = now > when ? (now - when) / PRICE : 0;
    uint64_t paid = cm_counted(&state.paid);
    if (earned > 0 && __atomic_compare_exchange_n(&state.when, &when, when + earned * PRICE, false,
                                                  __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        paid += earned;
        paid = paid < again + CREDIT ? paid : again + CREDIT;
        __atomic_store_n(&state.paid, paid, __ATOMIC_RELAXED);
    }
    return again > paid ? again - paid : 0;
}

/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_SITES_H
#define CHUNKMALLOC_HOST_SITES_H

/*
 * Where blocks of the hardened mode were allocated and freed, for reports only. A site has a
 * number, which is made from its address and is short enough for a block's record; the table says
 * which site that is, or that two share it, and then neither is known.
 */

#include "config.h"
#include <stdbool.h>

enum { CM_SITE_BITS = 15 };

CM_HIDDEN extern const void *cm_site_table[1 << CM_SITE_BITS];

/* Enters a site that is not in its place of the table. */
void cm_site_enter(unsigned number, const void *site);

/* The number that a site has, or would have; 0 also stands for none. */
static inline unsigned cm_site_hash(const void *site) {
    return (uint32_t)(uintptr_t)site * UINT32_C(0x9e3779b1) >> (32 - CM_SITE_BITS);
}

static inline bool cm_site_is_entered(unsigned number, const void *site) {
    return __atomic_load_n(&cm_site_table[number], __ATOMIC_RELAXED) == site;
}

static inline unsigned cm_site_number(const void *site) {
    const unsigned number = cm_site_hash(site);
    if (!cm_site_is_entered(number, site)) {
        cm_site_enter(number, site);
    }
    return number;
}

struct cm_sites {
    const void *allocated; /* NULL: not known */
    const void *freed;
};

/* Of a block, as its record tells. */
struct cm_sites cm_sites_of(const void *block);

#endif

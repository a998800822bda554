/* SPDX-License-Identifier: MIT */
#include "sites.h"

#include "hard_record.h"

const void *cm_site_table[1 << CM_SITE_BITS];

/* In the place of several. */
static const char several;

CM_COLD void cm_site_enter(unsigned number, const void *site) {
    const void *found = NULL;
    if (!__atomic_compare_exchange_n(&cm_site_table[number], &found, site, false, __ATOMIC_RELAXED,
                                     __ATOMIC_RELAXED) &&
        found != site) {
        __atomic_store_n(&cm_site_table[number], &several, __ATOMIC_RELAXED);
    }
}

static const void *site_of(unsigned number) {
    const void *const site = __atomic_load_n(&cm_site_table[number], __ATOMIC_RELAXED);
    return number != 0 && site != &several ? site : NULL;
}

struct cm_sites cm_sites_of(const void *block) {
    const struct cm_region *const region = cm_region_of(block);
    if (region == NULL || region->use->records == NULL) {
        return (struct cm_sites){NULL, NULL};
    }
    const unsigned kind = region->kinds[cm_offset_in(region, block) >> CM_CHUNK_SHIFT];
    if (!cm_is_hard(kind)) {
        return (struct cm_sites){NULL, NULL};
    }
    const uint32_t record = cm_record_get(cm_record((struct cm_place){region, kind}, block));
    return (struct cm_sites){
        .allocated = site_of(cm_record_alloc_site(record)),
        .freed = cm_record_is_free(record) ? site_of(cm_record_free_site(record)) : NULL,
    };
}

/* SPDX-License-Identifier: MIT */
#include "sites.h"

#include "config.h"
#include <stdbool.h>

enum { SHIFT = 13 };

static struct entry {
    uintptr_t block;
    uintptr_t allocated;
    uintptr_t freed;
    uintptr_t sum; /* of the others, one bit each */
} entries[1 << SHIFT];

static struct entry *entry_of(uintptr_t block) {
    return &entries[block * UINT64_C(0x9e3779b97f4a7c15) >> (64 - SHIFT)];
}

static uintptr_t get(const uintptr_t *field) {
    return __atomic_load_n(field, __ATOMIC_RELAXED);
}

static void set(uintptr_t *field, uintptr_t value) {
    __atomic_store_n(field, value, __ATOMIC_RELAXED);
}

static void enter(uintptr_t block, uintptr_t allocated, uintptr_t freed) {
    struct entry *const entry = entry_of(block);
    set(&entry->block, block);
    set(&entry->allocated, allocated);
    set(&entry->freed, freed);
    set(&entry->sum, block ^ allocated ^ freed);
}

struct cm_sites cm_sites_of(const void *block) {
    const struct entry *const entry = entry_of((uintptr_t)block);
    const uintptr_t allocated = get(&entry->allocated);
    const uintptr_t freed = get(&entry->freed);
    const bool fits = get(&entry->block) == (uintptr_t)block &&
                      get(&entry->sum) == ((uintptr_t)block ^ allocated ^ freed);
    return fits ? (struct cm_sites){(const void *)allocated, (const void *)freed}
                : (struct cm_sites){NULL, NULL};
}

void cm_site_of_alloc(const void *block, const void *caller) {
    enter((uintptr_t)block, (uintptr_t)caller, 0);
}

void cm_site_of_free(const void *block, const void *caller) {
    const struct cm_sites sites = cm_sites_of(block);
    enter((uintptr_t)block, (uintptr_t)sites.allocated, (uintptr_t)caller);
}

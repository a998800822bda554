/* SPDX-License-Identifier: MIT */
#include "sites.h"

#include "config.h"

enum { SHIFT = 11 };

/* The sites are kept as their differences from the block, so that one of another block, entered by
 * another thread at once, is no address of code. */
static struct entry {
    uintptr_t block;
    uintptr_t allocated;
    uintptr_t freed;
    uintptr_t unused;
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

struct cm_sites cm_sites_of(const void *block) {
    const uintptr_t address = (uintptr_t)block;
    const struct entry *const entry = entry_of(address);
    if (get(&entry->block) != address) {
        return (struct cm_sites){NULL, NULL};
    }
    return (struct cm_sites){(const void *)(get(&entry->allocated) ^ address),
                             (const void *)(get(&entry->freed) ^ address)};
}

void cm_site_of_alloc(const void *block, const void *caller) {
    const uintptr_t address = (uintptr_t)block;
    struct entry *const entry = entry_of(address);
    set(&entry->block, address);
    set(&entry->allocated, (uintptr_t)caller ^ address);
    set(&entry->freed, address);
}

void cm_site_of_free(const void *block, const void *caller) {
    const uintptr_t address = (uintptr_t)block;
    struct entry *const entry = entry_of(address);
    if (get(&entry->block) != address) {
        set(&entry->block, address);
        set(&entry->allocated, address);
        set(&entry->freed, address);
    }
    if (get(&entry->freed) == address) {
        set(&entry->freed, (uintptr_t)caller ^ address);
    }
}

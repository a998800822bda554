/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_HARD_RECORD_H
#define CHUNKMALLOC_HOST_HARD_RECORD_H

/*
 * The record of a hardened block, outside its memory.
 *
 * New: 0, or, if its memory is resident, the bit above the number of a site. Live: in its upper
 * half 1 more than the slack, the bytes behind those asked for, or, of a block that ends with its
 * chunk, 1 more than its size; both are less than half of what fits. Free: the upper half is that
 * of the site at which it was freed, and the highest bit is set. The lower half is the number of
 * the site at which it was allocated.
 */

#include "hard.h"
#include "sites.h"

enum {
    CM_RECORD_NEW = 0,
    CM_RECORD_NEW_RESIDENT = 1 << CM_SITE_BITS,
    CM_RECORD_MOST = INT16_MAX - 1
};

static const uint32_t CM_RECORD_FREE = (uint32_t)1 << 31;

/* The record of a slot, by the number of the slot. */
static inline uint32_t *cm_record_of_slot(const struct cm_region_use *use, const void *slot,
                                          unsigned number) {
    const uintptr_t slab = (uintptr_t)slot >> CM_SLAB_SHIFT;
    return (uint32_t *)(use->record_origin + slab * CM_SLAB_RECORDS * sizeof(uint32_t)) + number;
}

/* Of a run, its record is by the number of the chunk in the slab's worth of memory in which it
 * starts. */
static inline uint32_t *cm_record(struct cm_place place, const void *block) {
    const uint32_t offset = cm_offset_in_slab(block);
    return cm_record_of_slot(place.region->use, block,
                             place.kind <= CM_SLAB_CLASSES ? cm_slot_number(place.kind, offset)
                                                           : offset >> CM_CHUNK_SHIFT);
}

static inline uint32_t cm_record_get(const uint32_t *record) {
    return __atomic_load_n(record, __ATOMIC_RELAXED);
}

static inline void cm_record_set(uint32_t *record, uint32_t value) {
    __atomic_store_n(record, value, __ATOMIC_RELAXED);
}

static inline bool cm_record_is_live(uint32_t value) {
    return (int32_t)value > UINT16_MAX;
}

static inline bool cm_record_is_free(uint32_t value) {
    return value >= CM_RECORD_FREE;
}

/* What was told of a live block. */
static inline size_t cm_record_told(uint32_t value) {
    return (value >> 16) - 1;
}

static inline unsigned cm_record_alloc_site(uint32_t value) {
    return value & ((1u << CM_SITE_BITS) - 1);
}

static inline unsigned cm_record_free_site(uint32_t value) {
    return cm_record_alloc_site(value >> 16);
}

static inline uint32_t cm_record_live(size_t told, unsigned site) {
    return (uint32_t)(told + 1) << 16 | site;
}

/* Of a block whose record was value. */
static inline uint32_t cm_record_freed(uint32_t value, unsigned site) {
    return CM_RECORD_FREE | (uint32_t)site << 16 | cm_record_alloc_site(value);
}

/* Takes the block out of the program's hands; returns what the record was. If that was not live,
 * the program is to be stopped. Two threads that free a block at the very same time may both find
 * it live; it is then in two pools, and taken from the second while it is live, which stops the
 * program. To exchange the value in one step would find that here, and take a tenth of the time of
 * malloc and free together. */
static inline uint32_t cm_record_end(uint32_t *record, unsigned site) {
    const uint32_t value = cm_record_get(record);
    cm_record_set(record, cm_record_freed(value, site));
    return value;
}

#endif

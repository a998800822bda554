/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_HARD_RECORD_H
#define CHUNKMALLOC_HOST_HARD_RECORD_H

/*
 * The record of a hardened block, outside its memory, and the canary behind it. Records change
 * atomically: of two threads that free a block, one finds it free.
 */

#include "hard.h"
#include "out.h"
#include <string.h>

/* Else 1 more than the slack: the bytes behind those asked for. Of a block that ends with its
 * chunk, 1 more than its size. */
enum { CM_RECORD_NEW = 0, CM_RECORD_FREE = UINT16_MAX };

/* The record of a slot, by the number of the slot; of a run, by that of the chunk, in the slab's
 * worth of memory in which it starts. */
static inline uint16_t *cm_record(struct cm_place place, const void *block) {
    const uint32_t offset = cm_offset_in_slab(block);
    const unsigned number = place.kind <= CM_SLAB_CLASSES ? cm_slot_number(place.kind, offset)
                                                          : offset >> CM_CHUNK_SHIFT;
    const uintptr_t first = (uintptr_t)place.region->heap.memory >> CM_SLAB_SHIFT;
    const size_t slab = ((uintptr_t)block >> CM_SLAB_SHIFT) - first;
    return &place.region->use->records[slab * CM_SLAB_RECORDS + number];
}

static inline unsigned cm_record_get(const uint16_t *record) {
    return __atomic_load_n(record, __ATOMIC_RELAXED);
}

static inline void cm_record_set(uint16_t *record, unsigned value) {
    __atomic_store_n(record, (uint16_t)value, __ATOMIC_RELAXED);
}

static inline bool cm_record_is_live(unsigned value) {
    return value != CM_RECORD_NEW && value != CM_RECORD_FREE;
}

/* Takes the block out of the program's hands; returns what the record was, which stays as it is if
 * the block was not live. */
static inline unsigned cm_record_end(uint16_t *record) {
    uint16_t value = (uint16_t)cm_record_get(record);
    while (cm_record_is_live(value) &&
           !__atomic_compare_exchange_n(record, &value, (uint16_t)CM_RECORD_FREE, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
    }
    return value;
}

enum { CM_CANARY_SIZE = 16 };

CM_HIDDEN extern uint64_t cm_hard_secret;

/* No byte is 0: the most common overrun is that of a string's end. */
static inline uint64_t cm_canary_word(const void *block) {
    const uint64_t mixed = ((uintptr_t)block ^ cm_hard_secret) * UINT64_C(0x9e3779b97f4a7c15);
    return (mixed ^ mixed >> 32) | UINT64_C(0x0101010101010101);
}

static inline size_t cm_canary_size(size_t slack) {
    return slack < CM_CANARY_SIZE ? slack : CM_CANARY_SIZE;
}

static inline void cm_canary_put(void *block, size_t size, size_t slack) {
    unsigned char *at = (unsigned char *)block + size;
    const uint64_t word = cm_canary_word(block);
    size_t left = cm_canary_size(slack);
    for (; left >= sizeof word; left -= sizeof word, at += sizeof word) {
        memcpy(at, &word, sizeof word);
    }
    for (unsigned i = 0; i < left; i++) {
        at[i] = (unsigned char)(word >> 8 * i);
    }
}

static inline bool cm_canary_lives(const void *block, size_t size, size_t slack) {
    const unsigned char *at = (const unsigned char *)block + size;
    const uint64_t word = cm_canary_word(block);
    size_t left = cm_canary_size(slack);
    uint64_t differs = 0;
    for (; left >= sizeof word; left -= sizeof word, at += sizeof word) {
        uint64_t found;
        memcpy(&found, at, sizeof found);
        differs |= found ^ word;
    }
    for (unsigned i = 0; i < left; i++) {
        differs |= (uint64_t)(at[i] ^ (unsigned char)(word >> 8 * i));
    }
    return differs == 0;
}

/* Stops the program if what is behind the block was written to. */
static inline void cm_canary_check(const void *block, size_t size, size_t slack) {
    if (cm_unlikely(!cm_canary_lives(block, size, slack))) {
        cm_die_with("overrun", " of", block, size + slack);
    }
}

#endif

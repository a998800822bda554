/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_HARD_RECORD_H
#define CHUNKMALLOC_HOST_HARD_RECORD_H

/*
 * The record of a hardened block, outside its memory, and the canary behind it.
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

/* Takes the block out of the program's hands; returns what the record was. If that was not live,
 * the program is to be stopped. Two threads that free a block at the very same time may both find
 * it live; it is then in two magazines, and taken from the second while it is live, which stops the
 * program. To exchange the value in one step would find that here, and take a tenth of the time of
 * malloc and free together. */
static inline unsigned cm_record_end(uint16_t *record) {
    const unsigned value = cm_record_get(record);
    cm_record_set(record, CM_RECORD_FREE);
    return value;
}

typedef uint64_t cm_pair __attribute__((vector_size(16), may_alias));

/* size is a multiple of 16, as is the address. */
static inline bool cm_is_zero(const void *memory, size_t size) {
    const cm_pair *at = (const cm_pair *)memory;
    const cm_pair *const end = at + size / sizeof *at;
    cm_pair found = {0, 0};
    for (; end - at >= 4; at += 4) {
        found |= at[0] | at[1] | at[2] | at[3];
    }
    for (; at < end; at++) {
        found |= *at;
    }
    return (found[0] | found[1]) == 0;
}

/*
 * The canary: up to 16 bytes behind those asked for. They are looked at in 16 bytes that begin
 * there, or end with the slot if it has less, of which the mask leaves out what was asked for: so
 * there is nothing for the processor to guess. All slots have 16 bytes.
 */
enum { CM_CANARY_SIZE = 16 };

CM_HIDDEN extern uint64_t cm_hard_secret;

/* No byte is 0: the most common overrun is that of a string's end. */
static inline uint64_t cm_canary_word(const void *block) {
    const uint64_t mixed = ((uintptr_t)block ^ cm_hard_secret) * UINT64_C(0x9e3779b97f4a7c15);
    return (mixed ^ mixed >> 32) | UINT64_C(0x0101010101010101);
}

/* All but the first bytes of a word, of which there may be more than it has. */
static inline uint64_t cm_canary_mask(size_t bytes) {
    return bytes < sizeof(uint64_t) ? ~(uint64_t)0 << bytes * 8 : 0;
}

static inline size_t cm_canary_size(size_t slack) {
    return slack < CM_CANARY_SIZE ? slack : CM_CANARY_SIZE;
}

struct cm_canary_place {
    unsigned char *at;
    uint64_t mask[2];
};

static inline struct cm_canary_place cm_canary_of(void *block, size_t size, size_t slack) {
    const size_t asked = CM_CANARY_SIZE - cm_canary_size(slack);
    return (struct cm_canary_place){
        .at = (unsigned char *)block + size - asked,
        .mask = {cm_canary_mask(asked), cm_canary_mask(asked > 8 ? asked - 8 : 0)},
    };
}

static inline void cm_canary_put(void *block, size_t size, size_t slack) {
    const struct cm_canary_place place = cm_canary_of(block, size, slack);
    const uint64_t word = cm_canary_word(block);
    uint64_t words[2];
    memcpy(words, place.at, sizeof words);
    for (unsigned i = 0; i < 2; i++) {
        words[i] = (words[i] & ~place.mask[i]) | (word & place.mask[i]);
    }
    memcpy(place.at, words, sizeof words);
}

/* Stops the program if what is behind the block was written to. */
static inline void cm_canary_check(void *block, size_t size, size_t slack) {
    const struct cm_canary_place place = cm_canary_of(block, size, slack);
    const uint64_t word = cm_canary_word(block);
    uint64_t words[2];
    memcpy(words, place.at, sizeof words);
    if (cm_unlikely((((words[0] ^ word) & place.mask[0]) | ((words[1] ^ word) & place.mask[1])) !=
                    0)) {
        cm_die_with("overrun", " of", block, size + slack);
    }
}

#endif

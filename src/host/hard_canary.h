/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_HARD_CANARY_H
#define CHUNKMALLOC_HOST_HARD_CANARY_H

/*
 * What is in the memory of a hardened block: zeros while it is free, and a canary behind the bytes
 * that were asked for. Blocks start at multiples of 16 bytes and are such multiples long. Short
 * ones are gone through with as few branches as can be, since the processor cannot guess sizes.
 */

#include "config.h"
#include "out.h"
#include <stdbool.h>
#include <string.h>

typedef uint64_t cm_pair __attribute__((vector_size(16), may_alias));
typedef uint64_t cm_loose_pair __attribute__((vector_size(16), may_alias, aligned(1)));

enum { CM_PAIR = sizeof(cm_pair), CM_LINE = 4 * CM_PAIR };

CM_INLINE const cm_pair *cm_pair_at(const unsigned char *memory, size_t offset) {
    return (const cm_pair *)(const void *)(memory + offset);
}

CM_INLINE cm_pair cm_line_of(const unsigned char *memory) {
    return *cm_pair_at(memory, 0) | *cm_pair_at(memory, CM_PAIR) |
           *cm_pair_at(memory, CM_PAIR * 2) | *cm_pair_at(memory, CM_PAIR * 3);
}

CM_INLINE size_t cm_at_most(size_t offset, size_t most) {
    return offset < most ? offset : most;
}

/* size is not 0. */
CM_INLINE bool cm_is_zero_here(const void *memory, size_t size) {
    const unsigned char *at = (const unsigned char *)memory;
    const size_t last = size - CM_PAIR;
    cm_pair found;
    if (size <= CM_LINE) {
        found = *cm_pair_at(at, 0) | *cm_pair_at(at, cm_at_most(CM_PAIR, last)) |
                *cm_pair_at(at, cm_at_most(CM_PAIR * 2, last)) | *cm_pair_at(at, last);
    } else {
        const unsigned char *const last_line = at + size - CM_LINE;
        found = cm_line_of(last_line);
        for (; at < last_line; at += CM_LINE) {
            found |= cm_line_of(at);
        }
    }
    return (found[0] | found[1]) == 0;
}

/* Up to how many bytes it is not worth while to call a function. */
enum { CM_SHORT = 256 };

/* The same, of more bytes, as the processor does it fastest. */
bool cm_is_zero_long(const void *memory, size_t size);

CM_INLINE bool cm_is_zero(const void *memory, size_t size) {
    return size <= CM_SHORT ? cm_is_zero_here(memory, size) : cm_is_zero_long(memory, size);
}

CM_INLINE void cm_clear_line(unsigned char *memory) {
    cm_pair *const pairs = (cm_pair *)(void *)memory;
    pairs[0] = pairs[1] = pairs[2] = pairs[3] = (cm_pair){0, 0};
}

/* No more bytes than CM_SHORT. */
CM_INLINE void cm_clear_short(void *memory, size_t size) {
    unsigned char *at = (unsigned char *)memory;
    if (size <= CM_LINE) {
        const size_t last = size - CM_PAIR;
        *(cm_pair *)(void *)at = (cm_pair){0, 0};
        *(cm_pair *)(void *)(at + cm_at_most(CM_PAIR, last)) = (cm_pair){0, 0};
        *(cm_pair *)(void *)(at + cm_at_most(CM_PAIR * 2, last)) = (cm_pair){0, 0};
        *(cm_pair *)(void *)(at + last) = (cm_pair){0, 0};
    } else {
        unsigned char *const last_line = at + size - CM_LINE;
        cm_clear_line(last_line);
        for (; at < last_line; at += CM_LINE) {
            cm_clear_line(at);
        }
    }
}

/*
 * The canary: up to 16 bytes behind those asked for. They are looked at in 16 bytes that begin
 * there, or end with the slot if it has less, of which the mask leaves out what was asked for: so
 * there is nothing for the processor to guess. All slots have 16 bytes.
 */
enum { CM_CANARY_SIZE = CM_PAIR };

CM_HIDDEN extern cm_pair cm_hard_secret;
CM_HIDDEN extern const unsigned char cm_canary_masks[2 * CM_CANARY_SIZE];

/* No byte is 0, nor of ASCII: the most common overrun is that of a string. The secret can be told
 * from a canary and its address. */
CM_INLINE cm_pair cm_canary_value(const void *block) {
    const cm_pair address = {(uintptr_t)block, (uintptr_t)block};
    const cm_pair high = {UINT64_C(0x8080808080808080), UINT64_C(0x8080808080808080)};
    return (address ^ cm_hard_secret) | high;
}

CM_INLINE size_t cm_canary_size(size_t slack) {
    return slack < CM_CANARY_SIZE ? slack : CM_CANARY_SIZE;
}

struct cm_canary {
    cm_loose_pair *at;
    cm_pair mask;
    cm_pair value;
};

CM_INLINE struct cm_canary cm_canary_of(void *block, size_t size, size_t slack) {
    const size_t canary = cm_canary_size(slack);
    return (struct cm_canary){
        .at = (cm_loose_pair *)(void *)((unsigned char *)block + size + canary - CM_CANARY_SIZE),
        .mask = *(const cm_loose_pair *)(const void *)&cm_canary_masks[canary],
        .value = cm_canary_value(block),
    };
}

/* Of a block that is zero. */
CM_INLINE void cm_canary_put_first(void *block, size_t size, size_t slack) {
    const struct cm_canary canary = cm_canary_of(block, size, slack);
    *canary.at = canary.value & canary.mask;
}

CM_INLINE void cm_canary_put(void *block, size_t size, size_t slack) {
    const struct cm_canary canary = cm_canary_of(block, size, slack);
    *canary.at = (*canary.at & ~canary.mask) | (canary.value & canary.mask);
}

/* Was nothing written to it? */
CM_INLINE bool cm_canary_is_whole(void *block, size_t size, size_t slack) {
    const struct cm_canary canary = cm_canary_of(block, size, slack);
    const cm_pair wrong = (*canary.at ^ canary.value) & canary.mask;
    return (wrong[0] | wrong[1]) == 0;
}

/* Stops the program if it was. */
CM_INLINE void cm_canary_check(void *block, size_t size, size_t slack) {
    if (cm_unlikely(!cm_canary_is_whole(block, size, slack))) {
        cm_die_with("overrun", " of", block, size + slack);
    }
}

#endif

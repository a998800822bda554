/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_CLASSES_H
#define CHUNKMALLOC_HOST_CLASSES_H

/*
 * Size classes of small blocks: steps of 16 bytes to 128, then four per doubling to 32 KiB. Class
 * numbers are also the kinds of slabs in the kind map, so 0 is none.
 */

#include "config.h"
#include <stdbool.h>

enum { CM_CLASSES = 40, CM_SMALL_MAX = 32768, CM_GRANULE = 16 };

/* The kind map's entry of a chunk: 1 to CM_CLASSES, all chunks of a slab of that class. */
enum cm_kind {
    CM_KIND_NONE = 0,               /* no block of the program starts in the chunk */
    CM_KIND_LARGE = CM_CLASSES + 1, /* a large block starts at the chunk */
    CM_KINDS
};

/*
 * Division by the size of a class without dividing: with reciprocal = ceil(2^32 / size), the
 * product (modulo 2^32) of an offset and the reciprocal is below bound exactly for the offsets at
 * which a slot starts. Those that are not a multiple give at least the reciprocal; the multiples
 * k * size give k * e, e = reciprocal * size - 2^32, and bound is just above the last one's. For
 * kinds that are no class, bound is 0. (Lemire, Kaser, Kurz: "Faster remainder by direct
 * computation", 2019.)
 */
struct cm_division {
    uint32_t reciprocal;
    uint32_t bound;
};

struct cm_class {
    uint16_t size;     /* bytes */
    uint16_t slots;    /* in a slab */
    uint16_t magazine; /* blocks in a full magazine */
    uint16_t depot;    /* full magazines that its depot keeps at most */
};

CM_HIDDEN extern const struct cm_class cm_classes[CM_CLASSES + 1];

/*
 * What the fast paths look up, in one object, so that one register leads to all of it. It begins
 * with a magazine that holds nothing and has no room: its end, where class_of_granules starts, is
 * the origin from which threads measure how far the tops of their magazines are (thread.h).
 */
struct cm_tables {
    void *nothing[64];
    uint8_t class_of_granules[CM_SMALL_MAX / CM_GRANULE + 1];
    struct cm_division divisions[CM_KINDS];
} __attribute__((aligned(512)));

CM_HIDDEN extern const struct cm_tables cm_tables;

/* The address of class_of_granules, in a form that the compiler does not take apart again into one
 * address for each table. */
static inline const char *cm_origin(void) {
    const char *origin = (const char *)cm_tables.class_of_granules;
    __asm__("" : "+r"(origin));
    return origin;
}

static inline const struct cm_division *cm_division_of(size_t kind) {
    const size_t distance =
        offsetof(struct cm_tables, divisions) - offsetof(struct cm_tables, class_of_granules);
    return (const struct cm_division *)(const void *)(cm_origin() + distance) + kind;
}

/* The class of the smallest blocks of at least size bytes; size is at most CM_SMALL_MAX. */
static inline unsigned cm_class_of(size_t size) {
    return ((const uint8_t *)cm_origin())[(size + CM_GRANULE - 1) / CM_GRANULE];
}

static inline size_t cm_class_size(unsigned size_class) {
    return cm_classes[size_class].size;
}

/* Does a slot of a slab of that kind start at the offset? False for kinds that are no class. */
static inline bool cm_is_slot(size_t kind, uint32_t offset) {
    const struct cm_division *const division = cm_division_of(kind);
    return offset * division->reciprocal < division->bound;
}

/* The number of the slot that starts at the offset. */
static inline unsigned cm_slot_number(unsigned size_class, uint32_t offset) {
    return (unsigned)(((uint64_t)offset * cm_tables.divisions[size_class].reciprocal) >> 32);
}

#endif

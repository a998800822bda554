/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_CLASSES_H
#define CHUNKMALLOC_HOST_CLASSES_H

/*
 * Size classes of small blocks: steps of 16 bytes to 128, then four per doubling to 32 KiB, but
 * eight from 4 to 8 KiB, where a page and something beside it is a common size. Class numbers are
 * also the kinds of slabs in the kind map, so 0 is none.
 */

#include "config.h"
#include <stdbool.h>

enum { CM_CLASSES = 44, CM_SMALL_MAX = 32768, CM_GRANULE = 16 };

/*
 * The kind map's entry of a chunk: 1 to CM_CLASSES, all chunks of a slab of that class. The kinds
 * above CM_HARD are those of the hardened mode (hard.h), which the fast paths take for none: class
 * c of its slabs is c + CM_HARD there, and wherever slabs and depots go by their class.
 */
enum cm_kind {
    CM_KIND_NONE = 0,               /* no block of the program starts in the chunk */
    CM_KIND_LARGE = CM_CLASSES + 1, /* a large block starts at the chunk */
    CM_HARD = CM_KIND_LARGE,
    CM_SLAB_CLASSES = CM_HARD + CM_CLASSES,
    CM_KIND_HARD_LARGE, /* a large block starts at the chunk, with guards around it */
    CM_KIND_HARD_TIGHT, /* a small block ends with the chunk, before a guard */
    CM_KIND_HARD_FREED, /* one of these, freed but not yet free */
    CM_KINDS,
    CM_KIND_HARD_ZERO = CM_KINDS /* of no chunk: a block of no bytes, outside the regions */
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

CM_HIDDEN extern const struct cm_class cm_classes[CM_SLAB_CLASSES + 1];

/*
 * What the fast paths look up, in one object, so that one register leads to all of it. It begins
 * with a magazine that holds nothing and has no room: its end, where class_of_granules starts, is
 * the origin from which threads measure how far the tops of their magazines are (thread.h), and the
 * mark of free blocks.
 */
struct cm_tables {
    const void *nothing[64];
    uint8_t class_of_granules[CM_SMALL_MAX / CM_GRANULE + 1];
    uint64_t least[CM_KINDS]; /* the smallest size of the class */
    uint64_t sizes[CM_KINDS]; /* how many sizes are of the class */
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

/* What the second word of each small block holds while it is free, from the time its slot could
 * first be handed out: so that to free what is not in use is noticed at once, and a free block that
 * was written to before it is used again. No program has a use for this address. */
static inline uintptr_t cm_free_mark(void) {
    return (uintptr_t)cm_origin();
}

/* What lies below the lowest block of a magazine: no block, and not marked as one that is free. */
static inline const void *cm_no_block(void) {
    return cm_tables.nothing;
}

/* The tables, reached from there. */
static inline const struct cm_tables *cm_tables_here(void) {
    return (const struct cm_tables *)(const void *)(cm_origin() - sizeof cm_tables.nothing);
}

/* Is it the class of the smallest blocks of at least size bytes? For size 0, false. */
static inline bool cm_fits_class(size_t size_class, size_t size) {
    const struct cm_tables *const tables = cm_tables_here();
    return size - tables->least[size_class] < tables->sizes[size_class];
}

/* The class of the smallest blocks of at least size bytes; size is at most CM_SMALL_MAX. */
static inline unsigned cm_class_of(size_t size) {
    return cm_tables_here()->class_of_granules[(size + CM_GRANULE - 1) / CM_GRANULE];
}

static inline size_t cm_class_size(unsigned size_class) {
    return cm_classes[size_class].size;
}

static inline bool cm_is_hard(unsigned kind) {
    return kind > CM_HARD;
}

/* The smallest class whose slots are all aligned to alignment, a power of two, or 0 if that is more
 * than a chunk, at which slabs start, or the size is more than a slot's. */
unsigned cm_aligned_class(size_t alignment, size_t size);

/* Slabs are aligned to their size. */
static inline uint32_t cm_offset_in_slab(const void *address) {
    return (uint32_t)((uintptr_t)address % CM_SLAB_SIZE);
}

/* Does a slot of a slab of that kind start at the offset? False for kinds that are no class. */
static inline bool cm_is_slot(size_t kind, uint32_t offset) {
    const struct cm_division *const division = &cm_tables_here()->divisions[kind];
    return offset * division->reciprocal < division->bound;
}

/* Both at once: the number of the slot in which the offset lies, in the upper half, and in the
 * lower what tells whether it starts there. */
static inline uint64_t cm_slot_at(size_t kind, uint32_t offset) {
    return (uint64_t)offset * cm_tables_here()->divisions[kind].reciprocal;
}

static inline bool cm_slot_starts(size_t kind, uint64_t slot) {
    return (uint32_t)slot < cm_tables_here()->divisions[kind].bound;
}

/* The number of the slot that starts at the offset. */
static inline unsigned cm_slot_number(unsigned size_class, uint32_t offset) {
    return (unsigned)(((uint64_t)offset * cm_tables.divisions[size_class].reciprocal) >> 32);
}

#endif

/* SPDX-License-Identifier: MIT */
#include "classes.h"

/* X(class, size of the class before, size) */
#define CLASSES(X)        \
    X(1, 0, 16)           \
    X(2, 16, 32)          \
    X(3, 32, 48)          \
    X(4, 48, 64)          \
    X(5, 64, 80)          \
    X(6, 80, 96)          \
    X(7, 96, 112)         \
    X(8, 112, 128)        \
    DOUBLING(X, 9, 128)   \
    DOUBLING(X, 13, 256)  \
    DOUBLING(X, 17, 512)  \
    DOUBLING(X, 21, 1024) \
    DOUBLING(X, 25, 2048) \
    X(29, 4096, 4608)     \
    X(30, 4608, 5120)     \
    X(31, 5120, 5632)     \
    X(32, 5632, 6144)     \
    X(33, 6144, 6656)     \
    X(34, 6656, 7168)     \
    X(35, 7168, 7680)     \
    X(36, 7680, 8192)     \
    DOUBLING(X, 37, 8192) \
    DOUBLING(X, 41, 16384)

#define DOUBLING(X, size_class, base)                   \
    X((size_class), (base), (base) / 4 * 5)             \
    X((size_class) + 1, (base) / 4 * 5, (base) / 4 * 6) \
    X((size_class) + 2, (base) / 4 * 6, (base) / 4 * 7) \
    X((size_class) + 3, (base) / 4 * 7, (base) / 4 * 8)

#define GRANULES(size_class, before, size) \
    [(before) / CM_GRANULE + ((before) > 0)...(size) / CM_GRANULE] = (size_class),

#define SLOTS(size) (CM_SLAB_SIZE / (size))
#define RECIPROCAL(size) ((((uint64_t)1 << 32) + (size)-1) / (size))
#define EXCESS(size) (RECIPROCAL(size) * (size) - ((uint64_t)1 << 32))
#define DIVISION(size_class, before, size) \
    [size_class] = {(uint32_t)RECIPROCAL(size), (uint32_t)((SLOTS(size) - 1) * EXCESS(size) + 1)},
#define HARD_DIVISION(size_class, before, size) \
    [CM_HARD + (size_class)] = {(uint32_t)RECIPROCAL(size), 0},

#define LEAST(size_class, before, size) [size_class] = (before) + 1,
#define SIZES(size_class, before, size) [size_class] = (size) - (before),

const struct cm_tables cm_tables = {
    .nothing = {[63] = cm_tables.nothing},
    .class_of_granules = {CLASSES(GRANULES)},
    .divisions = {CLASSES(DIVISION) CLASSES(HARD_DIVISION)},
    .least = {CLASSES(LEAST)},
    .sizes = {CLASSES(SIZES)},
};

/* A magazine holds about 16 KiB and at least 4 blocks; 62 is what fits (depot.h). */
#define AT_MOST(a, b) ((a) < (b) ? (a) : (b))
#define AT_LEAST(a, b) ((a) > (b) ? (a) : (b))
#define MAGAZINE(size) AT_LEAST(4, AT_MOST(62, 16384 / (size)))
#define DEPOT(size) AT_LEAST(2, AT_MOST(64, 262144 / (MAGAZINE(size) * (size))))
#define CLASS(size_class, before, size) \
    [size_class] = {(size), SLOTS(size), MAGAZINE(size), DEPOT(size)},

/* What a pool of the hardened mode exchanges with the depot at once: less, so that pools, from
 * which any block may come next, fit into the processor's caches. */
#define PORTION(size) AT_LEAST(4, AT_MOST(62, 4096 / (size)))
#define HARD_DEPOT(size) AT_LEAST(2, AT_MOST(64, 262144 / (PORTION(size) * (size))))
#define HARD_CLASS(size_class, before, size) \
    [CM_HARD + (size_class)] = {(size), SLOTS(size), PORTION(size), HARD_DEPOT(size)},

const struct cm_class cm_classes[CM_SLAB_CLASSES + 1] = {CLASSES(CLASS) CLASSES(HARD_CLASS)};

unsigned cm_aligned_class(size_t alignment, size_t size) {
    if (alignment > CM_CHUNK_SIZE || size > CM_SMALL_MAX) {
        return 0;
    }
    unsigned size_class = cm_class_of(size > alignment ? size : alignment);
    while ((cm_class_size(size_class) & (alignment - 1)) != 0) {
        size_class++;
    }
    return size_class;
}

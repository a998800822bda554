/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_REGION_H
#define CHUNKMALLOC_HOST_REGION_H

/*
 * The two regions that blocks come from: the section, a zero-fill part of the library's own image,
 * and the second region, reserved when the section is full. Each is a chunk heap of 4 KiB chunks
 * whose nodes, kinds and slab rows lie beside it. The section is loaded read-only, and the second
 * region reserved inaccessible: both are unlocked step by step as their frontiers rise, with all
 * that belongs to the chunks, so that neither counts against limits on data or committed memory
 * before it is used.
 */

#include "classes.h"
#include <chunkmalloc/heap.h>

struct cm_slab;

/* What changes in a region beside its heap's state. Guarded by the heap's lock. */
struct cm_region_use {
    uint32_t free_dirty;     /* touched chunks in free runs */
    uint32_t cursor;         /* where the next purge starts to look */
    uint32_t *records;       /* hard.h: CM_SLAB_RECORDS a slab, elsewhere; NULL if not hardened */
    uintptr_t record_origin; /* where records would begin if the region did at address 0 */
};

enum { CM_SLAB_RECORDS = 4096 };

struct cm_region {
    struct chunk_heap heap;
    uint8_t *kinds;        /* one a chunk: enum cm_kind; slab.c writes those of its slabs */
    uint64_t *touched;     /* a bit a chunk: handed out since it was last purged */
    struct cm_slab *slabs; /* one per CM_SLAB_SIZE of address space that the region reaches into */
    struct cm_region_use *use;
};

/* Defined in section.c; each is a hidden symbol at a distance known when the library is linked. */
CM_HIDDEN extern uint8_t cm_section_map[CM_KINDS_SIZE];
CM_HIDDEN extern unsigned char cm_section_heap[];
CM_HIDDEN extern const struct cm_region cm_section;
CM_HIDDEN extern struct cm_region_use cm_section_use;

/*
 * The kind of the chunk at the address, for addresses that are less than CM_SECTION_SPAN above
 * cm_section_map: the map comes first, with entries of 0 for itself, then the heap. So one address
 * in a register is the map, and the origin of the heap's offsets.
 */
#define CM_SECTION_SPAN ((size_t)CM_KINDS_SIZE + CM_SECTION_SIZE)

/* Constant once cm_second_size is not 0. */
CM_HIDDEN extern struct cm_region cm_second;
CM_HIDDEN extern size_t cm_second_size;

static inline size_t cm_offset_in(const struct cm_region *region, const void *address) {
    return (uintptr_t)address - (uintptr_t)region->heap.memory;
}

/* The region in which the address lies, or NULL. Takes no lock. */
static inline const struct cm_region *cm_region_of(const void *address) {
    if ((uintptr_t)address - (uintptr_t)cm_section_heap < CM_SECTION_SIZE) {
        return &cm_section;
    }
    const size_t size = __atomic_load_n(&cm_second_size, __ATOMIC_ACQUIRE);
    return cm_offset_in(&cm_second, address) < size ? &cm_second : NULL;
}

static inline unsigned char *cm_chunk_address(const struct cm_region *region, uint32_t chunk) {
    return region->heap.memory + ((size_t)chunk << CM_CHUNK_SHIFT);
}

/* Was the section loaded writable, as the archives' is? */
CM_HIDDEN extern const bool cm_section_is_writable;

/* Keeps what is not open of the section out of core dumps, and inaccessible. Called once, by a
 * constructor; threads may be at work already. */
void cm_region_set_up(void);

/* Reserves the records of the section, and from then on those of the second region with it. Needs
 * the heap's lock. */
bool cm_region_harden(void);

/* Makes at least the first `chunks` chunks of the region available, up to its end; false if that
 * changes nothing. Needs the heap's lock. */
bool cm_region_open(const struct cm_region *region, uint64_t chunks);

/* Gives back the memory of a run that nobody else has, and of its bookkeeping: whole pages of it.
 * False if the former was refused. Takes no lock. */
bool cm_region_purge(const struct cm_region *region, uint32_t chunk, uint32_t length);

/* Reserves the second region, with room for at least `chunks` chunks, if there is none yet and it
 * is not forbidden. Needs the heap's lock. */
bool cm_region_reserve_second(uint64_t chunks);

/* Most chunks that may be open in both regions together; set by the option "limit". */
CM_HIDDEN extern uint64_t cm_region_limit;
CM_HIDDEN extern bool cm_region_second_allowed;

/* Ask for huge pages when memory is unlocked; the option "thp". */
CM_HIDDEN extern bool cm_region_huge_pages;

#endif

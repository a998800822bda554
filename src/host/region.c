/* SPDX-License-Identifier: MIT */
#include "region.h"

#include "slab.h"
#include "sys.h"
#include <core/arith.h>
#include <core/run.h>

struct cm_region cm_second;
size_t cm_second_size;
uint64_t cm_region_limit = UINT64_MAX;
bool cm_region_second_allowed = true;

static struct cm_region_use second_use;

enum {
    STEP_MIN = 256,  /* chunks unlocked at once: 1 MiB, */
    STEP_MAX = 16384 /* to 64 MiB, by a quarter of what is open */
};

static uint32_t opened(const struct cm_region *region) {
    return region->heap.state != NULL ? region->heap.state->opened : 0;
}

static bool unlock_to(const struct cm_region *region, uint32_t target) {
    const uint32_t from = opened(region);
    const uint32_t slab_from = from / CM_SLAB_CHUNKS;
    const uint32_t slab_to = (uint32_t)arith_round_up(target, CM_SLAB_CHUNKS) / CM_SLAB_CHUNKS;
    if (from == 0 && region == &cm_section && !cm_sys_unlock(cm_section_map, CM_KINDS_SIZE)) {
        return false;
    }
    return cm_sys_unlock(&region->heap.nodes[from], (target - from) * sizeof(struct chunk_node)) &&
           cm_sys_unlock(&region->slabs[slab_from],
                         (slab_to - slab_from) * sizeof(struct cm_slab)) &&
           cm_sys_unlock(cm_chunk_address(region, from), (size_t)(target - from)
                                                             << CM_CHUNK_SHIFT) &&
           chunk_heap_extend(&region->heap, target);
}

static void omit_unopened_from_dumps(const struct cm_region *region) {
    const uint32_t from = opened(region);
    const uint32_t chunks = region->heap.chunks - from;
    const uint32_t slab_from = (uint32_t)arith_round_up(from, CM_SLAB_CHUNKS) / CM_SLAB_CHUNKS;
    const uint32_t slabs = region->heap.chunks / CM_SLAB_CHUNKS - slab_from;
    cm_sys_omit_from_dumps(cm_chunk_address(region, from), (size_t)chunks << CM_CHUNK_SHIFT);
    cm_sys_omit_from_dumps(&region->heap.nodes[from], chunks * sizeof(struct chunk_node));
    cm_sys_omit_from_dumps(&region->slabs[slab_from], slabs * sizeof(struct cm_slab));
}

void cm_region_set_up(void) {
    omit_unopened_from_dumps(&cm_section);
}

bool cm_region_open(const struct cm_region *region, uint64_t chunks) {
    const uint32_t from = opened(region);
    const uint64_t both = (uint64_t)opened(&cm_section) + opened(&cm_second);
    const uint64_t allowed = cm_region_limit > both ? cm_region_limit - both : 0;
    uint64_t most = (uint64_t)from + allowed;
    if (most > region->heap.chunks) {
        most = region->heap.chunks;
    }
    uint64_t step = from / 4;
    step = step < STEP_MIN ? STEP_MIN : step > STEP_MAX ? STEP_MAX : step;
    uint64_t wanted = arith_round_up(from + step, CM_SLAB_CHUNKS);
    wanted = wanted < chunks ? chunks : wanted;
    wanted = wanted < most ? wanted : most;
    const uint64_t least = chunks < most ? chunks : most;
    if (least <= from) {
        return false;
    }
    return unlock_to(region, (uint32_t)wanted) || unlock_to(region, (uint32_t)least);
}

static size_t pages(size_t size) {
    return (size_t)arith_round_up(size, CM_SLAB_SIZE);
}

/* Bytes of the parts of a region, in the order in which they lie. */
struct layout {
    size_t kinds;
    size_t touched;
    size_t bookkeeping; /* up to the nodes; all before them is unlocked at once */
    size_t nodes;
    size_t slabs;
    size_t heap;
};

static struct layout lay_out(uint64_t chunks) {
    const size_t bookkeeping = CHUNK_HEAP_BOOKKEEPING_SIZE(chunks, 0);
    return (struct layout){
        .kinds = pages(chunks),
        .touched = pages(chunks / 8),
        .bookkeeping = bookkeeping,
        .nodes = pages(bookkeeping + chunks * sizeof(struct chunk_node)) - bookkeeping,
        .slabs = pages(chunks / CM_SLAB_CHUNKS * sizeof(struct cm_slab)),
        .heap = (size_t)chunks << CM_CHUNK_SHIFT,
    };
}

static bool set_up_second(unsigned char *start, const struct layout *layout) {
    unsigned char *const bookkeeping = start + layout->kinds + layout->touched;
    unsigned char *const slabs = bookkeeping + layout->bookkeeping + layout->nodes;
    if (!cm_sys_unlock(start, layout->kinds + layout->touched + layout->bookkeeping)) {
        return false;
    }
    const enum chunk_heap_error error =
        chunk_heap_init(&cm_second.heap, slabs + layout->slabs, layout->heap, CM_CHUNK_SIZE,
                        bookkeeping, layout->bookkeeping + layout->nodes,
                        CHUNK_HEAP_NODES_OUTSIDE | CHUNK_HEAP_GROWS | CHUNK_HEAP_ZEROED);
    chunk_require(error == CHUNK_HEAP_OK);
    cm_second.heap.misuse = cm_heap_is_corrupt;
    cm_second.kinds = start;
    cm_second.touched = (uint64_t *)(void *)(start + layout->kinds);
    cm_second.slabs = (struct cm_slab *)(void *)slabs;
    cm_second.use = &second_use;
    return true;
}

static bool reserve(uint64_t chunks) {
    const struct layout layout = lay_out(chunks);
    const size_t size = layout.kinds + layout.touched + layout.bookkeeping + layout.nodes +
                        layout.slabs + layout.heap;
    /* One slab more, so that the start can be aligned whatever the kernel gives. */
    unsigned char *const start = (unsigned char *)cm_sys_reserve(size + CM_SLAB_SIZE);
    if (start == NULL) {
        return false;
    }
    unsigned char *const aligned = (unsigned char *)pages((uintptr_t)start);
    if (!set_up_second(aligned, &layout)) {
        cm_sys_unreserve(start, size + CM_SLAB_SIZE);
        return false;
    }
    __atomic_store_n(&cm_second_size, layout.heap, __ATOMIC_RELEASE);
    return true;
}

bool cm_region_reserve_second(uint64_t chunks) {
    const uint64_t largest = (uint64_t)1 << 30; /* 4 TiB */
    const uint64_t least = (uint64_t)1 << 12;   /* 16 MiB */
    if (cm_second_size != 0 || !cm_region_second_allowed || chunks > largest) {
        return false;
    }
    uint64_t size = largest;
    while (size > least && size / 2 > 4 * (uint64_t)(cm_sys_memory() >> CM_CHUNK_SHIFT)) {
        size /= 2;
    }
    const uint64_t first = size;
    while (size >= least && size >= chunks) {
        /* Under a limit on address space, leave as much as is taken to stacks and libraries. */
        const bool limited = size < first;
        void *const probe = limited ? cm_sys_reserve((size_t)size << (CM_CHUNK_SHIFT + 1)) : NULL;
        if (probe != NULL) {
            cm_sys_unreserve(probe, (size_t)size << (CM_CHUNK_SHIFT + 1));
        }
        if ((!limited || probe != NULL || size / 2 < chunks) && reserve(size)) {
            return true;
        }
        size /= 2;
    }
    return false;
}

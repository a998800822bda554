/* SPDX-License-Identifier: MIT */
#include "region.h"

#include "runs.h"
#include "slab.h"
#include "sys.h"
#include <core/arith.h>
#include <core/run.h>

struct cm_region cm_second;
size_t cm_second_size;
uint64_t cm_region_limit = UINT64_MAX;
bool cm_region_second_allowed = true;
bool cm_region_huge_pages;

static struct cm_region_use second_use;

enum {
    STEP_MIN = 256,  /* chunks unlocked at once: 1 MiB, */
    STEP_MAX = 16384 /* to 64 MiB, by a quarter of what is open */
};

static uint32_t opened(const struct cm_region *region) {
    return region->heap.state != NULL ? region->heap.state->opened : 0;
}

/* What grows in step with the chunks that are open: so many bytes for those of one slab. Slabs are
 * aligned to addresses, so that one more of them may begin in as many chunks; and of the bits,
 * those of the first chunk that is not open are in use. */
struct part {
    void *start;
    size_t each;
    size_t more;
    bool is_read; /* also where the region is not open */
};

enum { PARTS = 7 };

enum { RECORDS_SIZE = CM_SLAB_RECORDS * sizeof(uint32_t) };

/* Returns how many: the section's bits are ordinary memory. */
static unsigned list_parts(const struct cm_region *region, struct part parts[PARTS]) {
    const size_t chunks = CM_SLAB_CHUNKS;
    parts[0] = (struct part){region->heap.memory, CM_SLAB_SIZE, 0, false};
    parts[1] = (struct part){region->heap.nodes, chunks * sizeof(struct chunk_node), 0, false};
    parts[2] = (struct part){region->slabs, sizeof(struct cm_slab), sizeof(struct cm_slab), false};
    parts[3] = (struct part){region->kinds, chunks, 0, true};
    unsigned count = 4;
    if (region->use->records != NULL) {
        parts[count++] = (struct part){region->use->records, RECORDS_SIZE, RECORDS_SIZE, false};
    }
    if (region != &cm_section) {
        parts[count++] =
            (struct part){region->heap.bits, chunks / 4, 2 * sizeof(chunk_word), false};
        parts[count++] = (struct part){region->touched, chunks / 8, 0, false};
    }
    return count;
}

static unsigned char *part_at(const struct part *part, uint32_t chunk) {
    const uint64_t slabs = arith_round_up(chunk, CM_SLAB_CHUNKS) / CM_SLAB_CHUNKS;
    return (unsigned char *)part->start + slabs * part->each;
}

static bool unlock_to(const struct cm_region *region, uint32_t target) {
    struct part parts[PARTS];
    const unsigned count = list_parts(region, parts);
    /* From whole slabs down, since where the last step ended need not be where one does. */
    const uint32_t from = opened(region) / CM_SLAB_CHUNKS * CM_SLAB_CHUNKS;
    for (unsigned i = 0; i < count; i++) {
        unsigned char *const first = part_at(&parts[i], from);
        const unsigned char *const end = part_at(&parts[i], target) + parts[i].more;
        if (!cm_sys_unlock(first, (size_t)(end - first))) {
            return false;
        }
    }
    if (cm_region_huge_pages) {
        unsigned char *const memory = cm_chunk_address(region, from);
        cm_sys_ask_for_huge_pages(memory, (size_t)(target - from) << CM_CHUNK_SHIFT);
    }
    return chunk_heap_extend(&region->heap, target);
}

/* What is not open is neither dumped nor accessible, but for the kinds, which are read of whatever
 * address claims to be a block: mlockall would make memory of it, some kernels even of what is
 * read-only. But what was loaded writable is left readable: leak checkers and collectors read all
 * of a program's own variables. False if the kinds cannot be read. */
static bool close_unopened(const struct cm_region *region) {
    struct part parts[PARTS];
    bool readable = true;
    const unsigned count = list_parts(region, parts);
    for (unsigned i = 0; i < count; i++) {
        unsigned char *const first = part_at(&parts[i], opened(region)) + parts[i].more;
        const unsigned char *const end = part_at(&parts[i], region->heap.chunks);
        const size_t size = (size_t)(end - first);
        cm_sys_omit_from_dumps(first, size);
        if (parts[i].is_read || (region == &cm_section && cm_section_is_writable)) {
            readable = cm_sys_lock(first, size) && readable;
        } else {
            (void)cm_sys_forbid(first, size);
        }
    }
    return readable;
}

void cm_region_set_up(void) {
    (void)cm_sys_memory();
    cm_lock_acquire(&cm_heap_lock);
    (void)close_unopened(&cm_section);
    cm_lock_release(&cm_heap_lock);
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

/* Whole pages of it. */
static bool purge_within(void *start, const void *end) {
    const uintptr_t page = cm_sys_page_size();
    const uintptr_t first = (uintptr_t)arith_round_up((uintptr_t)start, page);
    const uintptr_t last = (uintptr_t)end & ~(page - 1);
    return first < last ? cm_sys_purge((void *)first, last - first) : true;
}

static void *records_of(const struct cm_region *region, const void *slab) {
    return (void *)(region->use->record_origin + ((uintptr_t)slab >> CM_SLAB_SHIFT) * RECORDS_SIZE);
}

/* Within a run, nodes are not used, kinds and the rows of slabs are zero; records are not looked at
 * where no kind says so. */
bool cm_region_purge(const struct cm_region *region, uint32_t chunk, uint32_t length) {
    unsigned char *const memory = cm_chunk_address(region, chunk);
    const unsigned char *const end = cm_chunk_address(region, chunk + length);
    if (!purge_within(memory, end)) {
        return false;
    }
    struct chunk_node *const node = chunk_index_node(&region->heap, chunk);
    (void)purge_within(node, node + length);
    (void)purge_within(&region->kinds[chunk], &region->kinds[chunk + length]);
    const unsigned char *const slab = memory + CM_SLAB_SIZE - 1;
    (void)purge_within(cm_slab_row(region, slab), cm_slab_row(region, end));
    if (region->use->records != NULL) {
        (void)purge_within(records_of(region, slab), records_of(region, end));
    }
    return true;
}

static size_t pages(size_t size) {
    return (size_t)arith_round_up(size, CM_SLAB_SIZE);
}

/* Bytes of the parts of a region, in the order in which they lie. */
struct layout {
    size_t kinds;
    size_t touched;
    size_t bookkeeping; /* with the nodes */
    size_t slabs;
    size_t heap;
};

static struct layout lay_out(uint64_t chunks) {
    return (struct layout){
        .kinds = pages(chunks),
        .touched = pages(chunks / 8),
        .bookkeeping = pages(CHUNK_HEAP_BOOKKEEPING_SIZE(chunks, CHUNK_HEAP_NODES_OUTSIDE)),
        .slabs = pages((chunks / CM_SLAB_CHUNKS + 1) * sizeof(struct cm_slab)),
        .heap = (size_t)chunks << CM_CHUNK_SHIFT,
    };
}

/* What has to be writable before any chunk is open: the state and the index. */
static bool unlock_fixed_parts(const struct chunk_heap *heap) {
    unsigned char *const state = (unsigned char *)heap->state;
    return cm_sys_unlock(state, (size_t)((unsigned char *)heap->bits - state));
}

/* Between guards, in a mapping of their own. */
static bool reserve_records(const struct cm_region *region) {
    const size_t size = pages((region->heap.chunks / CM_SLAB_CHUNKS + 1) * (size_t)RECORDS_SIZE);
    unsigned char *const start = (unsigned char *)cm_sys_reserve(size + 2 * CM_SLAB_SIZE);
    if (start == NULL) {
        return false;
    }
    unsigned char *const records = start + CM_SLAB_SIZE;
    const size_t open =
        (size_t)arith_round_up(opened(region) + CM_SLAB_CHUNKS, CM_SLAB_CHUNKS) / CM_SLAB_CHUNKS;
    cm_sys_omit_from_dumps(start, size + 2 * CM_SLAB_SIZE);
    if (!cm_sys_unlock(records, open * RECORDS_SIZE)) {
        cm_sys_unreserve(start, size + 2 * CM_SLAB_SIZE);
        return false;
    }
    const uintptr_t first = (uintptr_t)region->heap.memory >> CM_SLAB_SHIFT;
    region->use->records = (uint32_t *)(void *)records;
    region->use->record_origin = (uintptr_t)records - first * RECORDS_SIZE;
    return true;
}

bool cm_region_harden(void) {
    return reserve_records(&cm_section);
}

static bool set_up_second(unsigned char *start, const struct layout *layout) {
    unsigned char *const bookkeeping = start + layout->kinds + layout->touched;
    unsigned char *const slabs = bookkeeping + layout->bookkeeping;
    const enum chunk_heap_error error = chunk_heap_init(
        &cm_second.heap, slabs + layout->slabs, layout->heap, CM_CHUNK_SIZE, bookkeeping,
        layout->bookkeeping, CHUNK_HEAP_NODES_OUTSIDE | CHUNK_HEAP_GROWS | CHUNK_HEAP_ZEROED);
    chunk_require(error == CHUNK_HEAP_OK);
    cm_second.heap.misuse = cm_heap_is_corrupt;
    cm_second.kinds = start;
    cm_second.touched = (uint64_t *)(void *)(start + layout->kinds);
    cm_second.slabs = (struct cm_slab *)(void *)slabs;
    cm_second.use = &second_use;
    return unlock_fixed_parts(&cm_second.heap) && close_unopened(&cm_second) &&
           (cm_section.use->records == NULL || reserve_records(&cm_second));
}

static bool reserve(uint64_t chunks) {
    const struct layout layout = lay_out(chunks);
    const size_t size =
        layout.kinds + layout.touched + layout.bookkeeping + layout.slabs + layout.heap;
    /* One slab more, so that the start can be aligned whatever the kernel gives. */
    unsigned char *const start = (unsigned char *)cm_sys_reserve(size + CM_SLAB_SIZE);
    if (start == NULL) {
        return false;
    }
    unsigned char *const aligned = (unsigned char *)pages((uintptr_t)start);
    if (!set_up_second(aligned, &layout)) {
        cm_second.heap.state = NULL;
        cm_sys_unreserve(start, size + CM_SLAB_SIZE);
        return false;
    }
    __atomic_store_n(&cm_second_size, layout.heap, __ATOMIC_RELEASE);
    return true;
}

static bool can_reserve(uint64_t chunks) {
    const size_t size = (size_t)chunks << CM_CHUNK_SHIFT;
    void *const probe = cm_sys_reserve(size);
    if (probe != NULL) {
        cm_sys_unreserve(probe, size);
    }
    return probe != NULL;
}

/* Would as much as the first step of a region be given to us now? A program without memory asks
 * again and again, and should not have to try all sizes each time. */
static bool can_open(uint64_t chunks) {
    const size_t size = (size_t)chunks << CM_CHUNK_SHIFT;
    void *const probe = cm_sys_reserve(size);
    if (probe == NULL) {
        return false;
    }
    const bool unlocked = cm_sys_unlock(probe, STEP_MIN * CM_CHUNK_SIZE);
    cm_sys_unreserve(probe, size);
    return unlocked;
}

/* In chunks of whole slabs. */
static uint64_t next_less(uint64_t chunks) {
    return chunks / 4 * 3 / CM_SLAB_CHUNKS * CM_SLAB_CHUNKS;
}

bool cm_region_reserve_second(uint64_t chunks) {
    const uint64_t largest = (uint64_t)1 << 30; /* 4 TiB */
    const uint64_t least = (uint64_t)1 << 12;   /* 16 MiB */
    if (cm_second_size != 0 || !cm_region_second_allowed || chunks > largest ||
        opened(&cm_section) >= cm_region_limit || !can_open(chunks < least ? least : chunks)) {
        return false;
    }
    const uint64_t memory = cm_sys_memory() >> CM_CHUNK_SHIFT;
    uint64_t size = largest;
    while (size > least && size / 2 > 4 * memory) {
        size /= 2;
    }
    const uint64_t first = size;
    while (size >= least && size >= chunks) {
        /* Under a limit on address space, leave a quarter of what there is to stacks and libraries,
         * unless the request is larger. */
        const bool spare =
            size == first || can_reserve(size + size / 3) || next_less(size) < chunks;
        if (spare && reserve(size)) {
            return true;
        }
        size = next_less(size);
    }
    return false;
}

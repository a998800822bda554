/* SPDX-License-Identifier: MIT */
#include "slab.h"

#include "footprint.h"
#include "hard_cache.h"
#include "hard_record.h"
#include "out.h"
#include "runs.h"
#include "sys.h"
#include <core/assert.h>
#include <core/bits.h>
#include <string.h>

void cm_heap_is_corrupt(enum chunk_misuse kind, const void *pointer) {
    cm_die(chunk_misuse_name(kind), " at", pointer);
}

static void link_slab(struct cm_slab_list *list, struct cm_slab *slab) {
    slab->previous = NULL;
    slab->next = list->first;
    if (list->first != NULL) {
        list->first->previous = slab;
    }
    list->first = slab;
}

static void unlink_slab(struct cm_slab_list *list, struct cm_slab *slab) {
    if (slab->next != NULL) {
        slab->next->previous = slab->previous;
    }
    if (slab->previous != NULL) {
        slab->previous->next = slab->next;
    } else {
        chunk_require(list->first == slab);
        list->first = slab->next;
    }
    slab->next = NULL;
    slab->previous = NULL;
}

/* reclaim.c reads it without the lock. */
static void set_class(struct cm_slab *slab, unsigned size_class) {
    __atomic_store_n(&slab->size_class, (uint8_t)size_class, __ATOMIC_RELAXED);
}

/* A slab is soon full where many are in use; a single one is a small share of what these take. */
static bool is_worth_populating(uint32_t absent) {
    enum { MANY = 64 }; /* 4 MiB */
    return absent > CM_SLAB_CHUNKS / 2 &&
           cm_counted(&cm_footprint.small_bytes) > MANY * CM_SLAB_SIZE;
}

static struct cm_run get_run(struct cm_run_news *news) {
    const struct cm_run_request request = {.length = CM_SLAB_CHUNKS, .align = CM_SLAB_CHUNKS};
    return cm_runs_alloc(&request, news);
}

/* One of two: where it is cannot be known. Either may be refused, also the first alone, if another
 * thread frees memory in between. */
static struct cm_run get_hard_run(struct cm_run_news *news) {
    struct cm_run_news other_news;
    const struct cm_run run = get_run(news);
    const struct cm_run other = get_run(&other_news);
    const bool take_other = run.region == NULL || (other.region != NULL && cm_hard_random(2) == 1);
    const struct cm_run rest = take_other ? run : other;
    if (rest.region != NULL) {
        cm_runs_free_slab(rest, 0);
    }
    if (take_other) {
        *news = other_news;
    }
    return take_other ? other : run;
}

/* Memory for a slab, or NULL. */
static unsigned char *get_memory(bool hard) {
    struct cm_run_news news;
    const struct cm_run run = hard ? get_hard_run(&news) : get_run(&news);
    if (run.region == NULL) {
        return NULL;
    }
    unsigned char *const memory = cm_chunk_address(run.region, run.chunk);
    if (is_worth_populating(news.absent)) {
        cm_sys_populate(memory, CM_SLAB_SIZE);
    }
    return memory;
}

/* Releases the lock for as long as it takes to get memory. */
static struct cm_slab *make_slab(struct cm_slab_list *list, unsigned size_class,
                                 struct cm_lock *lock) {
    cm_lock_release(lock);
    unsigned char *const memory = get_memory(cm_is_hard(size_class));
    cm_lock_acquire(lock);
    if (memory == NULL) {
        return NULL;
    }
    struct cm_slab *const slab = cm_slab_row(cm_region_of(memory), memory);
    chunk_require(slab->out == 0 && slab->ready == 0 && slab->next == NULL);
    slab->memory = memory;
    set_class(slab, size_class);
    list->slabs++;
    list->idle++;
    link_slab(list, slab);
    return slab;
}

static void release_slab(struct cm_slab_list *list, struct cm_slab *slab) {
    const struct cm_region *const region = cm_region_of(slab->memory);
    const size_t chunk = cm_offset_in(region, slab->memory) >> CM_CHUNK_SHIFT;
    unlink_slab(list, slab);
    if (cm_runs_clear && !cm_is_hard(slab->size_class)) {
        memset(slab->memory, 0, CM_SLAB_SIZE);
    }
    chunk_require(slab->out == 0 && list->slabs > 0 && list->idle > 0);
    const uint32_t hollow = slab->hollow;
    memset(&region->kinds[chunk], CM_KIND_NONE, CM_SLAB_CHUNKS);
    set_class(slab, 0);
    slab->memory = NULL;
    slab->ready = 0;
    slab->carved = 0;
    slab->reached = 0;
    slab->hollow = 0;
    slab->low = 0;
    list->slabs--;
    list->idle--;
    cm_count(&cm_footprint.hollow, -(uint64_t)__builtin_popcount(hollow));
    cm_runs_free_slab((struct cm_run){region, (uint32_t)chunk}, hollow);
}

/* The chunks in which the slot lies. */
static uint32_t chunks_of(unsigned slot, size_t size) {
    const size_t first = slot * size >> CM_CHUNK_SHIFT;
    const size_t last = ((slot + 1) * size - 1) >> CM_CHUNK_SHIFT;
    return (2u << last) - (1u << first);
}

/* ---- taking slots ---- */

/* Takes note that chunks given back are used again. */
static void fill_hollow(struct cm_slab *slab, uint32_t chunks) {
    const uint32_t filled = chunks & slab->hollow;
    if (filled == 0) {
        return;
    }
    const uint64_t number = (uint64_t)__builtin_popcount(filled);
    slab->hollow = (uint16_t)(slab->hollow & ~filled);
    cm_count(&cm_footprint.hollow, -number);
    cm_count(&cm_footprint.taken, number);
    cm_count(&cm_footprint.again, number);
}

/* The first slot that starts at or above the chunk; it may be beyond the last. Multiplying by the
 * reciprocal rounds down as dividing does for all that is less than 2^17. */
static unsigned first_slot(const struct cm_slab *slab, unsigned chunk) {
    const uint32_t size = (uint32_t)cm_class_size(slab->size_class);
    const uint32_t end = (uint32_t)(chunk * CM_CHUNK_SIZE) + size - 1;
    const unsigned slot = cm_slot_number(slab->size_class, end);
    const unsigned slots = cm_classes[slab->size_class].slots;
    return slot < slots ? slot : slots;
}

/* Enters or removes chunks, in which no slot is out, among those whose slots can be taken. */
static void set_ready(struct cm_slab *slab, uint32_t chunks, bool ready) {
    const struct cm_region *const region = cm_region_of(slab->memory);
    uint8_t *const kinds = &region->kinds[cm_offset_in(region, slab->memory) >> CM_CHUNK_SHIFT];
    for (uint32_t left = chunks; left != 0; left &= left - 1) {
        const unsigned chunk = bits_lowest(left);
        const unsigned slots = first_slot(slab, chunk + 1) - first_slot(slab, chunk);
        kinds[chunk] = ready ? slab->size_class : CM_KIND_NONE;
        slab->carved = (uint16_t)(ready ? slab->carved + slots : slab->carved - slots);
    }
    slab->ready = (uint16_t)(ready ? slab->ready | chunks : slab->ready & ~chunks);
}

/* A chunk whose slots are not carved; there is one. */
static unsigned choose_chunk(const struct cm_slab *slab) {
    const uint32_t left = (uint16_t)~slab->ready;
    if (!cm_is_hard(slab->size_class)) {
        return bits_lowest(left);
    }
    const unsigned shift = cm_hard_random(CM_SLAB_CHUNKS);
    const uint32_t above = left >> shift;
    return above != 0 ? shift + bits_lowest(above) : bits_lowest(left);
}

/* What is in slots that the program does not have: the mark, or nothing and the record of one that
 * is new. */
static void make_free(const struct cm_slab *slab, unsigned first, unsigned end) {
    const size_t size = cm_class_size(slab->size_class);
    const bool hard = cm_is_hard(slab->size_class);
    for (unsigned slot = first; slot < end; slot++) {
        unsigned char *const block = slab->memory + slot * size;
        if (hard) {
            const struct cm_place place = {cm_region_of(block), slab->size_class};
            cm_record_set(cm_record(place, block), CM_RECORD_NEW);
        } else {
            ((uintptr_t *)(void *)block)[1] = cm_free_mark();
        }
    }
}

/* Carves the slots of a chunk. */
static void carve(struct cm_slab *slab) {
    const unsigned chunk = choose_chunk(slab);
    chunk_require(chunk < CM_SLAB_CHUNKS);
    const unsigned end = first_slot(slab, chunk + 1);
    const unsigned first = first_slot(slab, chunk);
    if (first < end) {
        fill_hollow(slab, 1u << chunk);
    }
    make_free(slab, first, end);
    set_ready(slab, 1u << chunk, true);
}

/* Of free slots, those that share no cache line with one that is not; all, if lines hold no whole
 * number of slots. */
static uint64_t alone_in_line(uint64_t free, size_t size) {
    if (size == 16) {
        const uint64_t pairs = free & free >> 1;
        return (pairs & pairs >> 2 & UINT64_C(0x1111111111111111)) * 15;
    }
    return size == 32 ? (free & free >> 1 & UINT64_C(0x5555555555555555)) * 3 : free;
}

/* Takes up to count of the free slots [first, end), in order of address. */
static unsigned take_between(struct cm_slab *slab, void **blocks, unsigned count, unsigned first,
                             unsigned end, bool alone) {
    const size_t size = cm_class_size(slab->size_class);
    const bool hollow = slab->hollow != 0;
    uint32_t filled = 0;
    unsigned taken = 0;
    unsigned reached = slab->reached;
    for (unsigned at = first; at < end && taken < count; at = (at | 63) + 1) {
        const unsigned last = end - 1 < (at | 63) ? end - 1 : at | 63;
        uint64_t out = slab->bits[at / 64];
        uint64_t free = alone ? alone_in_line(~out, size) : ~out;
        for (free &= bits_up_to(last) & ~(bits_one(at) - 1); free != 0 && taken < count;
             free &= free - 1) {
            const unsigned slot = at / 64 * 64 + bits_lowest(free);
            blocks[taken++] = slab->memory + slot * size;
            out |= free & -free;
            filled |= hollow ? chunks_of(slot, size) : 0;
            reached = slot < reached ? reached : slot + 1;
        }
        slab->bits[at / 64] = out;
    }
    slab->reached = (uint16_t)reached;
    fill_hollow(slab, filled);
    slab->out = (uint16_t)(slab->out + taken);
    return taken;
}

/* The same of all that are carved. */
static unsigned take_carved(struct cm_slab *slab, void **blocks, unsigned count, bool alone) {
    while (slab->bits[slab->low] == UINT64_MAX) {
        slab->low++;
    }
    const unsigned low = slab->low * 64u;
    unsigned taken = 0;
    for (uint32_t ready = slab->ready; ready != 0 && taken < count;) {
        const unsigned chunk = bits_lowest(ready);
        const unsigned after = chunk + bits_lowest(~(uint64_t)(ready >> chunk));
        const unsigned first = first_slot(slab, chunk);
        taken += take_between(slab, blocks + taken, count - taken, first > low ? first : low,
                              first_slot(slab, after), alone);
        ready &= ~(uint32_t)0 << after;
    }
    return taken;
}

/* Takes up to count slots of one slab, which has at least one that is free. */
static unsigned take_from(struct cm_slab *slab, void **blocks, unsigned count, bool alone) {
    const unsigned slots = cm_classes[slab->size_class].slots;
    unsigned taken = 0;
    while (taken < count && slab->out < slots) {
        while (slab->carved == slab->out) {
            carve(slab);
        }
        const unsigned before = taken;
        if (alone) {
            taken += take_carved(slab, blocks + taken, count - taken, true);
        }
        if (taken < count && slab->out < slab->carved) {
            taken += take_carved(slab, blocks + taken, count - taken, false);
        }
        chunk_require(taken > before && slab->out <= slab->carved);
    }
    return taken;
}

static struct cm_slab *slab_with_room(const struct cm_slab_list *list) {
    return list->first == NULL || !list->first->held ? list->first : list->first->next;
}

unsigned cm_slab_take(struct cm_slab_list *list, unsigned size_class, void **blocks, unsigned count,
                      bool alone, struct cm_lock *lock) {
    unsigned taken = 0;
    while (taken < count) {
        struct cm_slab *slab = slab_with_room(list);
        if (slab == NULL && (slab = make_slab(list, size_class, lock)) == NULL) {
            break;
        }
        chunk_require(slab->size_class == size_class && !slab->held);
        list->idle -= slab->out == 0;
        taken += take_from(slab, blocks + taken, count - taken, alone);
        if (slab->out == cm_classes[size_class].slots) {
            unlink_slab(list, slab);
        }
    }
    list->out += taken;
    cm_count(&cm_footprint.small_bytes, taken * cm_class_size(size_class));
    cm_footprint_grew();
    return taken;
}

/* ---- giving slots back ---- */

static struct cm_slab *slab_of(const void *block) {
    return cm_slab_row(cm_region_of(block), block);
}

/* Gives back as many of the first blocks as lie in the slab, until one is not out. */
static unsigned give_to(struct cm_slab *slab, unsigned size_class, void *const *blocks,
                        unsigned count) {
    unsigned given = 0;
    while (given < count) {
        const size_t offset = (size_t)((unsigned char *)blocks[given] - slab->memory);
        const unsigned slot = cm_slot_number(size_class, (uint32_t)offset);
        if (offset >= CM_SLAB_SIZE || (slab->bits[slot / 64] & bits_one(slot)) == 0) {
            break;
        }
        slab->bits[slot / 64] &= ~bits_one(slot);
        slab->low = (uint8_t)(slot / 64 < slab->low ? slot / 64 : slab->low);
        given++;
    }
    slab->out = (uint16_t)(slab->out - given);
    return given;
}

void *cm_slab_give(struct cm_slab_list *list, unsigned size_class, void *const *blocks,
                   unsigned count) {
    unsigned given = 0;
    while (given < count) {
        struct cm_slab *const slab = slab_of(blocks[given]);
        const bool was_full = slab->out == cm_classes[size_class].slots;
        const unsigned here = slab->size_class == size_class
                                  ? give_to(slab, size_class, blocks + given, count - given)
                                  : 0;
        if (here == 0) {
            break;
        }
        given += here;
        if (was_full) {
            link_slab(list, slab);
        }
        if (slab->out == 0 && !slab->held) {
            list->idle++;
            /* One idle slab stays, so that a program at the edge does not make one anew. */
            if (list->idle > 1) {
                release_slab(list, slab);
            }
        }
    }
    list->out -= given;
    cm_count(&cm_footprint.small_bytes, -(uint64_t)(given * cm_class_size(size_class)));
    return given < count ? blocks[given] : NULL;
}

bool cm_slab_is_out(unsigned size_class, const void *block) {
    const struct cm_region *const region = cm_region_of(block);
    const struct cm_slab *const slab = cm_slab_row(region, block);
    if (slab->size_class != size_class) {
        return false;
    }
    const uint32_t offset = (uint32_t)((const unsigned char *)block - slab->memory);
    const unsigned slot = cm_slot_number(size_class, offset);
    return (slab->bits[slot / 64] & bits_one(slot)) != 0;
}

static enum chunk_misuse misuse_in(const struct cm_slab *slab, const void *address) {
    const uint32_t offset = (uint32_t)((const unsigned char *)address - slab->memory);
    const bool hard = cm_is_hard(slab->size_class);
    if (!cm_is_slot(hard ? slab->size_class - CM_HARD : slab->size_class, offset)) {
        return CHUNK_MISUSE_INTERIOR;
    }
    if (hard) {
        return cm_hard_misuse((struct cm_place){cm_region_of(address), slab->size_class}, address);
    }
    return cm_slot_number(slab->size_class, offset) < slab->reached ? CHUNK_MISUSE_DOUBLE_FREE
                                                                    : CHUNK_MISUSE_OUTSIDE;
}

CM_RACES_ON_PURPOSE enum chunk_misuse cm_slab_misuse(const struct cm_region *region,
                                                     const void *address) {
    const size_t chunk = cm_offset_in(region, address) >> CM_CHUNK_SHIFT;
    const struct cm_slab *const slab = cm_slab_row(region, address);
    /* The row of what is not open cannot be read. */
    const bool in_slab = chunk < region->heap.state->opened && slab->size_class != 0;
    return in_slab ? misuse_in(slab, address) : cm_runs_misuse(region, address);
}

/* ---- giving memory back ---- */

void cm_slab_release_idle(struct cm_slab_list *list) {
    for (struct cm_slab *slab = list->first; slab != NULL;) {
        struct cm_slab *const next = slab->next;
        if (slab->out == 0 && !slab->held) {
            release_slab(list, slab);
        }
        slab = next;
    }
}

/* The chunks in which slots lie that can be taken. */
static uint32_t carved_chunks(const struct cm_slab *slab) {
    const size_t size = cm_class_size(slab->size_class);
    uint32_t chunks = slab->ready;
    for (uint32_t left = chunks; left != 0; left &= left - 1) {
        const unsigned chunk = bits_lowest(left);
        const unsigned end = first_slot(slab, chunk + 1);
        if (end > first_slot(slab, chunk)) {
            chunks |= chunks_of(end - 1, size);
        }
    }
    return chunks;
}

/* Of these chunks, those in which no slot that is out lies. */
static uint32_t empty_chunks(const struct cm_slab *slab) {
    const size_t size = cm_class_size(slab->size_class);
    uint32_t filled = 0;
    for (unsigned word = 0; word < 64; word++) {
        for (uint64_t out = slab->bits[word]; out != 0; out &= out - 1) {
            filled |= chunks_of(word * 64 + bits_lowest(out), size);
        }
    }
    return carved_chunks(slab) & ~filled;
}

static bool purge_chunks(const struct cm_slab *slab, uint32_t chunks) {
    bool purged = true;
    while (chunks != 0) {
        const unsigned first = bits_lowest(chunks);
        const unsigned length = bits_lowest(~(uint64_t)(chunks >> first));
        purged &= cm_sys_purge(slab->memory + ((size_t)first << CM_CHUNK_SHIFT),
                               (size_t)length << CM_CHUNK_SHIFT);
        chunks &= ~(uint32_t)0 << (first + length);
    }
    return purged;
}

size_t cm_slab_hollow(struct cm_slab_list *list, struct cm_slab *slab, struct cm_lock *lock) {
    const uint32_t chunks = empty_chunks(slab) & ~(uint32_t)slab->hollow;
    if (chunks == 0 || slab->out == 0 || cm_sys_page_size() > CM_CHUNK_SIZE) {
        return 0;
    }
    slab->held = true;
    set_ready(slab, chunks & slab->ready, false);
    cm_lock_release(lock);
    const bool purged = purge_chunks(slab, chunks);
    cm_lock_acquire(lock);
    slab->held = false;
    list->idle += slab->out == 0;
    if (!purged) {
        return 0;
    }
    slab->hollow = (uint16_t)(slab->hollow | chunks);
    cm_count(&cm_footprint.hollow, (uint64_t)__builtin_popcount(chunks));
    return (size_t)__builtin_popcount(chunks) << CM_CHUNK_SHIFT;
}

static const char *check_slab(const struct cm_slab *slab, unsigned size_class) {
    unsigned out = 0;
    unsigned carved = 0;
    for (unsigned word = 0; word < 64; word++) {
        out += (unsigned)__builtin_popcountll(slab->bits[word]);
    }
    for (unsigned chunk = 0; chunk < CM_SLAB_CHUNKS; chunk++) {
        if ((slab->ready >> chunk & 1) != 0) {
            carved += first_slot(slab, chunk + 1) - first_slot(slab, chunk);
        }
    }
    if (slab->size_class != size_class || cm_region_of(slab->memory) == NULL) {
        return "a slab is in the list of another class";
    }
    if (out != slab->out || carved != slab->carved || out > carved) {
        return "a slab's count of slots disagrees with its bits";
    }
    return slab->reached <= cm_classes[size_class].slots ? NULL : "a slab has too many slots";
}

const char *cm_slab_check(const struct cm_slab_list *list, unsigned size_class) {
    uint32_t idle = 0;
    uint32_t listed = 0;
    const struct cm_slab *previous = NULL;
    for (const struct cm_slab *slab = list->first; slab != NULL; slab = slab->next) {
        const char *const finding = check_slab(slab, size_class);
        if (finding != NULL) {
            return finding;
        }
        if (slab->previous != previous || slab->out == cm_classes[size_class].slots ||
            ++listed > list->slabs) {
            return "the list of slabs with free slots is broken";
        }
        idle += slab->out == 0 && !slab->held;
        previous = slab;
    }
    return idle == list->idle ? NULL : "the count of idle slabs is wrong";
}

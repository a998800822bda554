/* SPDX-License-Identifier: MIT */
#include "slab.h"

#include "footprint.h"
#include "out.h"
#include "runs.h"
#include "sys.h"
#include <core/assert.h>
#include <core/bits.h>

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

static struct cm_slab *make_slab(struct cm_slab_list *list, unsigned size_class) {
    const struct cm_run_request request = {
        .length = CM_SLAB_CHUNKS,
        .align = CM_SLAB_CHUNKS,
        .in_region = true,
        .kind = (uint8_t)size_class,
    };
    struct cm_run_news news;
    const struct cm_run run = cm_runs_alloc(&request, &news);
    if (run.region == NULL) {
        return NULL;
    }
    unsigned char *const memory = cm_chunk_address(run.region, run.chunk);
    struct cm_slab *const slab = cm_slab_row(run.region, memory);
    chunk_require(slab->out == 0 && slab->carved == 0 && slab->next == NULL);
    slab->memory = memory;
    set_class(slab, size_class);
    list->slabs++;
    list->idle++;
    if (is_worth_populating(news.absent)) {
        list->to_populate = memory;
    }
    link_slab(list, slab);
    return slab;
}

static void release_slab(struct cm_slab_list *list, struct cm_slab *slab) {
    const struct cm_region *const region = cm_region_of(slab->memory);
    const size_t chunk = cm_offset_in(region, slab->memory) >> CM_CHUNK_SHIFT;
    unlink_slab(list, slab);
    chunk_require(slab->out == 0 && list->slabs > 0 && list->idle > 0);
    slab->carved = 0;
    slab->memory = NULL;
    set_class(slab, 0);
    list->slabs--;
    list->idle--;
    const uint32_t hollow = slab->hollow;
    slab->hollow = 0;
    cm_count(&cm_footprint.hollow, -(uint64_t)__builtin_popcount(hollow));
    cm_runs_free_slab((struct cm_run){region, (uint32_t)chunk}, hollow);
}

/* The chunks in which the slot lies. */
static uint32_t chunks_of(unsigned slot, size_t size) {
    const size_t first = slot * size >> CM_CHUNK_SHIFT;
    const size_t last = ((slot + 1) * size - 1) >> CM_CHUNK_SHIFT;
    return (2u << last) - (1u << first);
}

/* Takes note that chunks given back are used again, now that these blocks of the slab are out. */
static void fill_hollow(struct cm_slab *slab, void *const *blocks, unsigned count) {
    const size_t size = cm_class_size(slab->size_class);
    uint32_t filled = 0;
    for (unsigned i = 0; i < count && slab->hollow != 0; i++) {
        const size_t offset = (size_t)((unsigned char *)blocks[i] - slab->memory);
        filled |= chunks_of(cm_slot_number(slab->size_class, (uint32_t)offset), size);
    }
    filled &= slab->hollow;
    slab->hollow = (uint16_t)(slab->hollow & ~filled);
    const uint64_t number = (uint64_t)__builtin_popcount(filled);
    cm_count(&cm_footprint.hollow, -number);
    cm_count(&cm_footprint.taken, number);
    cm_count(&cm_footprint.again, number);
}

/* Takes up to count slots of one slab, which has at least one that is free. */
static unsigned take_from(struct cm_slab *slab, void **blocks, unsigned count) {
    const unsigned slots = cm_classes[slab->size_class].slots;
    const size_t size = cm_class_size(slab->size_class);
    const unsigned reusable = slab->carved - slab->out;
    const unsigned reused = reusable < count ? reusable : count;
    unsigned taken = 0;
    for (unsigned word = 0; taken < reused; word++) {
        chunk_require(word * 64 < slab->carved);
        uint64_t free = ~slab->bits[word];
        while (free != 0 && taken < reused) {
            const unsigned slot = word * 64 + bits_lowest(free);
            blocks[taken++] = slab->memory + slot * size;
            slab->bits[word] |= bits_one(slot);
            free &= free - 1;
        }
    }
    for (; taken < count && slab->carved < slots; slab->carved++) {
        const unsigned slot = slab->carved;
        blocks[taken++] = slab->memory + slot * size;
        slab->bits[slot / 64] |= bits_one(slot);
    }
    slab->out = (uint16_t)(slab->out + taken);
    if (slab->hollow != 0) {
        fill_hollow(slab, blocks, taken);
    }
    return taken;
}

unsigned cm_slab_take(struct cm_slab_list *list, unsigned size_class, void **blocks,
                      unsigned count) {
    unsigned taken = 0;
    while (taken < count) {
        struct cm_slab *const slab =
            list->first != NULL ? list->first : make_slab(list, size_class);
        if (slab == NULL) {
            break;
        }
        chunk_require(slab->size_class == size_class);
        list->idle -= slab->out == 0;
        taken += take_from(slab, blocks + taken, count - taken);
        if (slab->out == cm_classes[size_class].slots) {
            unlink_slab(list, slab);
        }
    }
    list->out += taken;
    cm_count(&cm_footprint.small_bytes, taken * cm_class_size(size_class));
    cm_footprint_grew();
    return taken;
}

static bool give_one(struct cm_slab_list *list, unsigned size_class, void *block, unsigned *given) {
    const struct cm_region *const region = cm_region_of(block);
    struct cm_slab *const slab = cm_slab_row(region, block);
    const uint32_t offset = (uint32_t)((unsigned char *)block - slab->memory);
    const unsigned slot = cm_slot_number(size_class, offset);
    if (slab->size_class != size_class || slot >= slab->carved ||
        (slab->bits[slot / 64] & bits_one(slot)) == 0) {
        return false;
    }
    if (slab->out == cm_classes[size_class].slots) {
        link_slab(list, slab);
    }
    slab->bits[slot / 64] &= ~bits_one(slot);
    slab->out--;
    list->out--;
    ++*given;
    if (slab->out == 0) {
        list->idle++;
        /* One idle slab stays, so that a program at the edge does not make and release it anew. */
        if (list->idle > 1) {
            release_slab(list, slab);
        }
    }
    return true;
}

void *cm_slab_give(struct cm_slab_list *list, unsigned size_class, void *const *blocks,
                   unsigned count) {
    unsigned given = 0;
    while (given < count && give_one(list, size_class, blocks[given], &given)) {
    }
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

void cm_slab_release_idle(struct cm_slab_list *list) {
    for (struct cm_slab *slab = list->first; slab != NULL;) {
        struct cm_slab *const next = slab->next;
        if (slab->out == 0) {
            release_slab(list, slab);
        }
        slab = next;
    }
}

/* The chunks of a slab in which slots have been carved, and none is out. */
static uint32_t empty_chunks(const struct cm_slab *slab) {
    const size_t size = cm_class_size(slab->size_class);
    const bool all = slab->carved == cm_classes[slab->size_class].slots;
    const size_t carved = slab->carved * size + (all ? CM_CHUNK_SIZE - 1 : 0);
    const size_t whole = carved >> CM_CHUNK_SHIFT;
    uint32_t filled = 0;
    for (unsigned word = 0; word * 64 < slab->carved; word++) {
        for (uint64_t out = slab->bits[word]; out != 0; out &= out - 1) {
            filled |= chunks_of(word * 64 + bits_lowest(out), size);
        }
    }
    return ~filled & ((1u << whole) - 1);
}

/* Marks the free slots that lie in the chunks as out, so that nobody takes them, in held too. */
static void hold_slots(struct cm_slab_list *list, struct cm_slab *slab, uint64_t held[64],
                       uint32_t chunks) {
    const size_t size = cm_class_size(slab->size_class);
    for (unsigned slot = 0; slot < slab->carved; slot++) {
        if ((chunks_of(slot, size) & chunks) != 0) {
            chunk_require((slab->bits[slot / 64] & bits_one(slot)) == 0);
            held[slot / 64] |= bits_one(slot);
            slab->bits[slot / 64] |= bits_one(slot);
            slab->out++;
        }
    }
    if (slab->out == cm_classes[slab->size_class].slots) {
        unlink_slab(list, slab);
    }
}

static void let_go_slots(struct cm_slab_list *list, struct cm_slab *slab, const uint64_t held[64]) {
    if (slab->out == cm_classes[slab->size_class].slots) {
        link_slab(list, slab);
    }
    for (unsigned word = 0; word < 64; word++) {
        slab->out = (uint16_t)(slab->out - __builtin_popcountll(slab->bits[word] & held[word]));
        slab->bits[word] &= ~held[word];
    }
    list->idle += slab->out == 0;
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
    uint64_t held[64] = {0};
    hold_slots(list, slab, held, chunks);
    cm_lock_release(lock);
    const bool purged = purge_chunks(slab, chunks);
    cm_lock_acquire(lock);
    let_go_slots(list, slab, held);
    if (!purged) {
        return 0;
    }
    slab->hollow = (uint16_t)(slab->hollow | chunks);
    cm_count(&cm_footprint.hollow, (uint64_t)__builtin_popcount(chunks));
    return (size_t)__builtin_popcount(chunks) << CM_CHUNK_SHIFT;
}

static const char *check_slab(const struct cm_slab *slab, unsigned size_class) {
    unsigned out = 0;
    for (unsigned word = 0; word < 64; word++) {
        out += (unsigned)__builtin_popcountll(slab->bits[word]);
    }
    if (slab->size_class != size_class || cm_region_of(slab->memory) == NULL) {
        return "a slab is in the list of another class";
    }
    if (out != slab->out || slab->out > slab->carved) {
        return "a slab's count of slots disagrees with its bits";
    }
    return slab->carved <= cm_classes[size_class].slots ? NULL : "a slab has too many slots";
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
        idle += slab->out == 0;
        previous = slab;
    }
    return idle == list->idle ? NULL : "the count of idle slabs is wrong";
}

/* SPDX-License-Identifier: MIT */
#include "slots.h"

#include "footprint.h"
#include "hard_cache.h"
#include "hard_record.h"
#include "sys.h"
#include <core/assert.h>
#include <core/bits.h>

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

/* One of the chunks whose slots are not carved; there is one. */
static unsigned choose_chunk(const struct cm_slab *slab, uint32_t left) {
    if (!cm_is_hard(slab->size_class)) {
        return bits_lowest(left);
    }
    const unsigned shift = cm_hard_random(CM_SLAB_CHUNKS);
    const uint32_t above = left >> shift;
    return above != 0 ? shift + bits_lowest(above) : bits_lowest(left);
}

/* What is in slots that the program does not have: the mark, or nothing and the record of one that
 * is new. In absent are the chunks that were not resident before. */
static void make_free(const struct cm_slab *slab, unsigned first, unsigned end, uint32_t absent) {
    const size_t size = cm_class_size(slab->size_class);
    const bool hard = cm_is_hard(slab->size_class);
    for (unsigned slot = first; slot < end; slot++) {
        unsigned char *const block = slab->memory + slot * size;
        if (hard) {
            const struct cm_place place = {cm_region_of(block), slab->size_class};
            const bool is_resident = (chunks_of(slot, size) & absent) == 0;
            cm_record_set(cm_record(place, block),
                          is_resident ? CM_RECORD_NEW_RESIDENT : CM_RECORD_NEW);
        } else {
            ((uintptr_t *)(void *)block)[1] = cm_free_mark();
        }
    }
}

/* Asks at once for what is not resident of these: else each page is asked for when it is touched.
 */
static void make_resident(struct cm_slab *slab, uint32_t chunks) {
    uint32_t left = chunks & (slab->bare | slab->hollow);
    slab->bare = (uint16_t)(slab->bare & ~left);
    while (left != 0) {
        const unsigned first = bits_lowest(left);
        const unsigned length = bits_lowest(~(uint64_t)(left >> first));
        cm_sys_populate(slab->memory + ((size_t)first << CM_CHUNK_SHIFT),
                        (size_t)length << CM_CHUNK_SHIFT);
        left &= ~(uint32_t)0 << (first + length);
    }
}

/* Carves the slots of further chunks until count can be taken, or there are no more. */
static void carve_for(struct cm_slab *slab, unsigned count) {
    uint32_t chosen = 0;
    uint32_t filled = 0;
    uint32_t left = (uint16_t)~slab->ready;
    for (unsigned found = slab->carved - slab->out; found < count && left != 0;) {
        const unsigned chunk = choose_chunk(slab, left);
        chunk_require(chunk < CM_SLAB_CHUNKS);
        const unsigned slots = first_slot(slab, chunk + 1) - first_slot(slab, chunk);
        left &= ~(1u << chunk);
        chosen |= 1u << chunk;
        filled |= slots > 0 ? 1u << chunk : 0;
        found += slots;
    }
    const uint32_t absent = slab->bare | slab->hollow;
    make_resident(slab, filled);
    fill_hollow(slab, filled);
    for (uint32_t rest = chosen; rest != 0; rest &= rest - 1) {
        const unsigned chunk = bits_lowest(rest);
        make_free(slab, first_slot(slab, chunk), first_slot(slab, chunk + 1), absent);
    }
    set_ready(slab, chosen, true);
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

unsigned cm_slots_take(struct cm_slab *slab, void **blocks, unsigned count, bool alone) {
    const unsigned slots = cm_classes[slab->size_class].slots;
    unsigned taken = 0;
    while (taken < count && slab->out < slots) {
        carve_for(slab, count - taken);
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

/* ---- giving slots back ---- */

unsigned cm_slots_give(struct cm_slab *slab, unsigned size_class, void *const *blocks,
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

/* ---- what a slot is ---- */

bool cm_slots_is_out(unsigned size_class, const void *block) {
    const struct cm_region *const region = cm_region_of(block);
    const struct cm_slab *const slab = cm_slab_row(region, block);
    if (slab->size_class != size_class) {
        return false;
    }
    const uint32_t offset = (uint32_t)((const unsigned char *)block - slab->memory);
    const unsigned slot = cm_slot_number(size_class, offset);
    return (slab->bits[slot / 64] & bits_one(slot)) != 0;
}

enum chunk_misuse cm_slots_misuse(const struct cm_slab *slab, const void *address) {
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

/* ---- giving memory back ---- */

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

uint32_t cm_slots_empty_chunks(const struct cm_slab *slab) {
    const size_t size = cm_class_size(slab->size_class);
    uint32_t filled = 0;
    for (unsigned word = 0; word < 64; word++) {
        for (uint64_t out = slab->bits[word]; out != 0; out &= out - 1) {
            filled |= chunks_of(word * 64 + bits_lowest(out), size);
        }
    }
    return carved_chunks(slab) & ~filled;
}

void cm_slots_withdraw(struct cm_slab *slab, uint32_t chunks) {
    set_ready(slab, chunks & slab->ready, false);
}

const char *cm_slots_check(const struct cm_slab *slab, unsigned size_class) {
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

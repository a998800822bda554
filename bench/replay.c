/* SPDX-License-Identifier: MIT */
/* replay FILE [passes=N]: does again, in one thread, what a traced program asked of its allocator.
 */
#include "common.h"
#include "record.h"

#include <malloc.h>

static struct param params[] = {{"passes", 1}};
enum { PASSES };

struct slot {
    void *block;
    size_t size;
};

struct head {
    uint32_t slots, events, zero[2];
};

static struct slot *slots;

/* What an allocation of the old program leaves in a block: something at both ends, and in each
 * page. */
static void fill_slot(struct slot *slot, void *block, size_t size) {
    *slot = (struct slot){need(block, size), size};
    mark_pages(block, size, (uint64_t)(slot - slots));
}

static void check_zero(const uint8_t *block, size_t size) {
    if (size > 0 && (block[0] | block[size / 2] | block[size - 1]))
        fail("NOT ZERO: block of %zu bytes\n", size);
}

static void resize_slot(struct slot *slot, size_t size) {
    const uint64_t tag = (uint64_t)(slot - slots);
    check(slot->block, slot->size, tag);
    const bool whole = slot->size >= 2 * sizeof tag && size >= 2 * sizeof tag;
    void *block = need(realloc(slot->block, size ? size : 1), size);
    if (whole && memcmp(block, &tag, sizeof tag) != 0)
        fail("WRONG DATA: after realloc to %zu bytes\n", size);
    fill_slot(slot, block, size ? size : 1);
}

static void play(struct replay_event event) {
    struct slot *slot = &slots[event.slot_and_kind >> 3];
    const size_t size = event.size;
    switch ((enum event_kind)(event.slot_and_kind & 7)) {
    case EVENT_MALLOC:
        fill_slot(slot, malloc(size), size);
        return;
    case EVENT_CALLOC: {
        void *block = need(calloc(1, size), size);
        check_zero(block, size);
        fill_slot(slot, block, size);
        return;
    }
    case EVENT_ALIGNED: {
        const size_t alignment = (size_t)1 << (size >> ALIGNED_SHIFT);
        void *block = need(memalign(alignment, size & ALIGNED_SIZE), size & ALIGNED_SIZE);
        if ((uintptr_t)block % alignment != 0)
            fail("WRONG ALIGNMENT: %p\n", block);
        fill_slot(slot, block, size & ALIGNED_SIZE);
        return;
    }
    case EVENT_REALLOC:
        resize_slot(slot, size);
        return;
    case EVENT_FREE:
        drop(slot->block, slot->size, (uint64_t)(slot - slots));
        slot->block = NULL;
        return;
    }
    fail("not a trace: event %u\n", event.slot_and_kind & 7);
}

int main(int argc, char **argv) {
    if (argc < 2)
        fail("replay: which file?\n");
    read_params(argc - 1, argv + 1, params, sizeof params / sizeof *params);
    const int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    struct head head;
    if (fd < 0 || read(fd, &head, sizeof head) != sizeof head || head.zero[0] || head.zero[1])
        fail("%s is not a trace\n", argv[1]);
    slots = table(head.slots * sizeof *slots);
    static struct replay_event events[8192];
    size_t played = 0;
    const double start = now();
    for (size_t pass = 0; pass < params[PASSES].value; pass++) {
        ssize_t got;
        lseek(fd, sizeof head, SEEK_SET);
        while ((got = read(fd, events, sizeof events)) > 0) {
            for (size_t i = 0; i < (size_t)got / sizeof *events; i++)
                play(events[i]);
            played += (size_t)got / sizeof *events;
        }
        for (size_t i = 0; i < head.slots; i++) {
            if (slots[i].block)
                drop(slots[i].block, slots[i].size, i);
            slots[i].block = NULL;
        }
    }
    const double seconds = now() - start;
    if (played != (size_t)head.events * params[PASSES].value)
        fail("%s: %zu events played, not %u a pass\n", argv[1], played, head.events);
    report("replay", seconds, played);
}

/* SPDX-License-Identifier: MIT */
/*
 * Usage: model_exhaustive [CHUNKS [DEPTH]]
 *
 * Every sequence of DEPTH (5) operations on every heap of 1 to CHUNKS (12) chunks: allocation of
 * each length at each alignment, zeroed allocation, and of each live block free, resize and
 * realloc to each length. After each operation the heap is compared with the reference. A state
 * met before with as many operations to go is not played again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "states.h"

enum { UNIT = 16, CHUNKS_MAX = 12, DEPTH_MAX = 8, BESIDE_MAX = 1024 };

enum verb { FREE, RESIZE, REALLOCATE, ALLOCATE, ALLOCATE_ZEROED, VERB_COUNT };

struct snapshot {
    unsigned char memory[CHUNKS_MAX * UNIT];
    unsigned char beside[BESIDE_MAX];
    struct reference reference;
    struct tally allocations;
    struct tally granted;
    struct tally failures;
};

struct search {
    struct machine machine;
    struct snapshot saved[DEPTH_MAX];
    struct states states;
    uint64_t played;
};

static void save(const struct machine *machine, struct snapshot *snapshot) {
    memcpy(snapshot->memory, machine->memory.bytes, machine->memory.size);
    memcpy(snapshot->beside, machine->bookkeeping.bytes, machine->bookkeeping.size);
    reference_copy(&snapshot->reference, &machine->reference);
    snapshot->allocations = machine->allocations;
    snapshot->granted = machine->granted;
    snapshot->failures = machine->failures;
}

static void restore(struct machine *machine, const struct snapshot *snapshot) {
    memcpy(machine->memory.bytes, snapshot->memory, machine->memory.size);
    memcpy(machine->bookkeeping.bytes, snapshot->beside, machine->bookkeeping.size);
    reference_copy(&machine->reference, &snapshot->reference);
    machine->allocations = snapshot->allocations;
    machine->granted = snapshot->granted;
    machine->failures = snapshot->failures;
}

static bool is_zero(const unsigned char *bytes) {
    static const unsigned char zero[UNIT];
    return memcmp(bytes, zero, sizeof zero) == 0;
}

/* Everything that what comes next may depend on: not the counters, not what blocks contain; of
 * free memory the nodes, which lie where runs start, and what is still zero. */
static uint64_t hash(const struct machine *machine) {
    struct chunk_heap_state *const state = machine->heap.state;
    const struct chunk_heap_state kept = *state;
    state->peak = 0;
    state->failures = 0;
    state->allocations = 0;
    state->granted = 0;
    uint64_t value = states_mix(machine->bookkeeping.bytes, machine->bookkeeping.size, 1);
    *state = kept;
    const uint32_t *const owner = machine->reference.owner;
    for (uint32_t chunk = 0; chunk < machine->reference.chunks; chunk++) {
        const unsigned char *const bytes = machine_address(machine, chunk);
        if (owner[chunk] == 0 && (chunk == 0 || owner[chunk - 1] != 0)) {
            value = states_mix(bytes, sizeof(struct chunk_node), value);
        }
        value = value * 3 + (owner[chunk] == 0 && is_zero(bytes));
    }
    return value;
}

static void play(struct search *search, unsigned depth);

static void play_operation(struct search *search, unsigned depth, enum verb verb, uint32_t chunk,
                           uint32_t length, uint32_t alignment) {
    struct machine *const machine = &search->machine;
    const size_t size = (size_t)length * UNIT - chunk % UNIT;
    const uint32_t block = reference_block_at(&machine->reference, chunk);
    search->played++;
    machine->steps = search->played;
    switch (verb) {
    case FREE:
        machine_free(machine, block);
        break;
    case RESIZE:
        machine_resize(machine, block, size);
        break;
    case REALLOCATE:
        machine_reallocate(machine, block, size);
        break;
    case ALLOCATE:
        machine_allocate_aligned(machine, (size_t)alignment * UNIT, size);
        break;
    default:
        machine_allocate_zeroed(machine, size);
        break;
    }
    machine_expect_no_misuse(machine);
    machine_compare(machine);
    if (depth > 1 && states_enter(&search->states, hash(machine), depth - 1)) {
        play(search, depth - 1);
    }
    restore(machine, &search->saved[depth - 1]);
}

static void play_allocations(struct search *search, unsigned depth) {
    const uint32_t chunks = search->machine.reference.chunks;
    for (uint32_t length = 1; length <= chunks; length++) {
        for (uint32_t alignment = 1; alignment <= chunks; alignment *= 2) {
            play_operation(search, depth, ALLOCATE, 0, length, alignment);
        }
        play_operation(search, depth, ALLOCATE_ZEROED, 0, length, 1);
    }
}

static void play_changes(struct search *search, unsigned depth, uint32_t chunk) {
    play_operation(search, depth, FREE, chunk, 1, 1);
    for (uint32_t length = 1; length <= search->machine.reference.chunks; length++) {
        play_operation(search, depth, RESIZE, chunk, length, 1);
        play_operation(search, depth, REALLOCATE, chunk, length, 1);
    }
}

static void play(struct search *search, unsigned depth) {
    const struct machine *const machine = &search->machine;
    save(machine, &search->saved[depth - 1]);
    play_allocations(search, depth);
    for (uint32_t chunk = 0; chunk < machine->reference.chunks; chunk++) {
        if (reference_block_at(&machine->reference, chunk) != REFERENCE_NONE) {
            play_changes(search, depth, chunk);
        }
    }
}

static void play_heap(struct search *search, uint32_t chunks, unsigned flags, unsigned depth) {
    const struct shape shape = {.chunks = chunks, .chunk_size = UNIT, .flags = flags};
    struct tape tape = tape_from_bytes((const uint8_t *)"", 0);
    machine_create(&search->machine, &shape, &tape, "model_exhaustive");
    if (search->machine.bookkeeping.size > BESIDE_MAX) {
        machine_fail(&search->machine, "%zu bytes of bookkeeping",
                     search->machine.bookkeeping.size);
    }
    for (unsigned i = 0; i < depth; i++) {
        reference_create(&search->saved[i].reference, 0, chunks, chunks);
    }
    states_create(&search->states);
    search->played = 0;
    play(search, depth);
    (void)printf("%2u chunks, flags %u: %llu operations, %zu states\n", chunks, flags,
                 (unsigned long long)search->played, search->states.count);
    (void)fflush(stdout);
    states_destroy(&search->states);
    for (unsigned i = 0; i < depth; i++) {
        reference_destroy(&search->saved[i].reference);
    }
    machine_destroy(&search->machine);
}

int main(int argc, char **argv) {
    static struct search search;
    const unsigned long chunks = argc > 1 ? strtoul(argv[1], NULL, 0) : CHUNKS_MAX;
    const unsigned long depth = argc > 2 ? strtoul(argv[2], NULL, 0) : 5;
    if (chunks < 1 || chunks > CHUNKS_MAX || depth < 1 || depth > DEPTH_MAX) {
        (void)fprintf(stderr, "usage: model_exhaustive [CHUNKS [DEPTH]], at most %d and %d\n",
                      CHUNKS_MAX, DEPTH_MAX);
        return 2;
    }
    for (uint32_t count = 1; count <= chunks; count++) {
        play_heap(&search, count, 0, (unsigned)depth);
        play_heap(&search, count, CHUNK_HEAP_NODES_OUTSIDE, (unsigned)depth);
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Usage: model_exhaustive [CHUNKS [DEPTH [PLACES]]]
 *
 * Every sequence of DEPTH (5) operations on every heap of 1 to CHUNKS (12) chunks, with its nodes
 * inside, outside, and growing: allocation of each length at each alignment, zeroed allocation, of
 * each live block free, resize and realloc to each length, and extending and truncating to each
 * length. After each operation the heap is compared with the reference. A state met before with
 * as many operations to go is not played again. The heaps lie at PLACES (1) places, which differ in
 * what chunks are aligned to; with 16 there is no other heap of so few chunks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "states.h"

enum { UNIT = 16, CHUNKS_MAX = 12, DEPTH_MAX = 7, PLACES_MAX = 16, BESIDE_MAX = 1024 };

enum verb { FREE, RESIZE, REALLOCATE, ALLOCATE, ALLOCATE_ZEROED, EXTEND, TRUNCATE };

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
    uint64_t all_played;
    uint64_t all_states;
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

static bool starts_free_run(const struct reference *reference, uint32_t chunk) {
    return chunk < reference_frontier(reference) && reference->owner[chunk] == 0 &&
           (chunk == 0 || reference->owner[chunk - 1] != 0);
}

/* Fills what free memory may contain, all but the nodes, so that it is the same in all states: what
 * a program could have left there, and worse than zeros. */
static void spoil(const struct machine *machine) {
    const struct reference *const reference = &machine->reference;
    for (uint32_t chunk = 0; chunk < reference->touched; chunk++) {
        const size_t node = starts_free_run(reference, chunk) ? sizeof(struct chunk_node) : 0;
        if (reference->owner[chunk] == 0) {
            memset(machine_address(machine, chunk) + node, 0xee, UNIT - node);
        }
    }
}

/* Everything that what comes next may depend on: not the counters, not what blocks contain, not
 * second bits where no run starts (of so few chunks they never say how far a run is), nor nodes of
 * what is no free run. */
static uint64_t hash(const struct machine *machine) {
    const struct chunk_heap *const heap = &machine->heap;
    const struct chunk_heap_state *const state = heap->state;
    const uint64_t kept[] = {state->frontier, state->touched, state->opened,
                             state->used,     state->live,    state->free,
                             state->rows,     heap->bits[0],  heap->bits[0] & heap->bits[1]};
    uint64_t value = states_mix(kept, sizeof kept, 1);
    value = states_mix(heap->maps, CHUNK_HEAP_MAPS_SIZE_(heap->chunks), value);
    value = states_mix(heap->heads, CHUNK_HEAP_HEADS_SIZE_(heap->chunks), value);
    for (uint32_t chunk = 0; chunk < state->frontier; chunk++) {
        if (starts_free_run(&machine->reference, chunk)) {
            const unsigned char *const node = heap->nodes + ((size_t)chunk << heap->node_shift);
            value = states_mix(node, sizeof(struct chunk_node), value);
        }
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
    case ALLOCATE_ZEROED:
        machine_allocate_zeroed(machine, size);
        break;
    case EXTEND:
        machine_extend(machine, length);
        break;
    case TRUNCATE:
        machine_truncate(machine, length);
        break;
    }
    machine_expect_no_misuse(machine);
    machine_compare(machine);
    if (depth > 1 && states_enter(&search->states, hash(machine), depth - 1)) {
        play(search, depth - 1);
    }
    restore(machine, &search->saved[depth - 1]);
}

/* In chunks: either one is aligned to it, or none. */
static uint32_t largest_alignment(uint32_t chunks) {
    uint32_t alignment = 1;
    while (alignment <= chunks) {
        alignment *= 2;
    }
    return alignment;
}

static void play_allocations(struct search *search, unsigned depth) {
    const uint32_t chunks = search->machine.reference.chunks;
    for (uint32_t length = 1; length <= chunks; length++) {
        for (uint32_t alignment = 1; alignment <= largest_alignment(chunks); alignment *= 2) {
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

static void play_available(struct search *search, unsigned depth) {
    for (uint32_t length = 0; length <= search->machine.reference.chunks + 1; length++) {
        play_operation(search, depth, EXTEND, 0, length, 1);
        play_operation(search, depth, TRUNCATE, 0, length, 1);
    }
}

static void play(struct search *search, unsigned depth) {
    const struct machine *const machine = &search->machine;
    spoil(machine);
    save(machine, &search->saved[depth - 1]);
    play_allocations(search, depth);
    if (machine->heap.grows) {
        play_available(search, depth);
    }
    for (uint32_t chunk = 0; chunk < machine->reference.chunks; chunk++) {
        if (reference_block_at(&machine->reference, chunk) != REFERENCE_NONE) {
            play_changes(search, depth, chunk);
        }
    }
}

static void play_heap(struct search *search, const struct shape *shape, unsigned depth) {
    struct tape tape = tape_from_bytes((const uint8_t *)"", 0);
    machine_create(&search->machine, shape, &tape, "model_exhaustive");
    if (search->machine.bookkeeping.size > BESIDE_MAX) {
        machine_fail(&search->machine, "%zu bytes of bookkeeping",
                     search->machine.bookkeeping.size);
    }
    for (unsigned i = 0; i < depth; i++) {
        reference_create(&search->saved[i].reference, 0, shape->chunks, shape->chunks);
    }
    states_create(&search->states);
    search->played = 0;
    play(search, depth);
    search->all_played += search->played;
    search->all_states += search->states.count;
    states_destroy(&search->states);
    for (unsigned i = 0; i < depth; i++) {
        reference_destroy(&search->saved[i].reference);
    }
    machine_destroy(&search->machine);
}

static void play_heaps(struct search *search, uint32_t chunks, unsigned depth, uint32_t places) {
    static const unsigned kinds[] = {0, CHUNK_HEAP_NODES_OUTSIDE, CHUNK_HEAP_GROWS};
    const uint32_t largest = largest_alignment(chunks);
    search->all_played = 0;
    search->all_states = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        for (uint32_t place = 0; place < places && place < largest; place++) {
            const struct shape shape = {
                .chunks = chunks, .chunk_size = UNIT, .flags = kinds[i], .shift = place};
            play_heap(search, &shape, depth);
        }
    }
    (void)printf("%2u chunks: %llu operations, %llu states\n", chunks,
                 (unsigned long long)search->all_played, (unsigned long long)search->all_states);
    (void)fflush(stdout);
}

static unsigned long number(int argc, char **argv, int at, unsigned long most) {
    const unsigned long value = argc > at ? strtoul(argv[at], NULL, 0) : most;
    if (value < 1 || value > most) {
        (void)fprintf(stderr,
                      "usage: model_exhaustive [CHUNKS [DEPTH [PLACES]]], at most %d, %d, %d\n",
                      CHUNKS_MAX, DEPTH_MAX, PLACES_MAX);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv) {
    static struct search search;
    const unsigned long chunks = number(argc, argv, 1, CHUNKS_MAX);
    const unsigned long depth = argc > 2 ? number(argc, argv, 2, DEPTH_MAX) : 5;
    const unsigned long places = argc > 3 ? number(argc, argv, 3, PLACES_MAX) : 1;
    for (uint32_t count = 1; count <= chunks; count++) {
        play_heaps(&search, count, (unsigned)depth, (uint32_t)places);
    }
    return 0;
}

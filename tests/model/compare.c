/* SPDX-License-Identifier: MIT */
#include "machine.h"

struct walk {
    const struct machine *machine;
    uint32_t frontier;
    uint32_t chunk; /* where the next run must start */
    uint32_t runs;
};

static bool visit(void *context, const struct chunk_run *run) {
    struct walk *const walk = context;
    const struct machine *const machine = walk->machine;
    const struct reference *const reference = &machine->reference;
    const uint32_t chunk = walk->chunk;
    if (run->start != machine_address(machine, chunk) || chunk >= walk->frontier) {
        machine_fail(machine, "walk: run %u does not start at chunk %u", walk->runs, chunk);
    }
    const uint32_t owner = reference->owner[chunk];
    const uint32_t length = owner != 0
                                ? reference->blocks[owner - 1].chunks
                                : reference_free_from(reference, chunk, walk->frontier - chunk);
    if (run->live != (owner != 0) || run->size != (size_t)length * machine->shape.chunk_size) {
        machine_fail(machine, "walk: at chunk %u a %s run of %zu bytes, not a %s one of %u chunks",
                     chunk, run->live ? "live" : "free", run->size, owner != 0 ? "live" : "free",
                     length);
    }
    walk->chunk += length;
    walk->runs++;
    return true;
}

static void expect(const struct machine *machine, const char *what, uint64_t value,
                   uint64_t wanted) {
    if (value != wanted) {
        machine_fail(machine, "%s is %llu, not %llu", what, (unsigned long long)value,
                     (unsigned long long)wanted);
    }
}

static void expect_tally(const struct machine *machine, const char *what, uint64_t value,
                         const struct tally *wanted) {
    if (value < wanted->least || value > wanted->most) {
        machine_fail(machine, "%s is %llu, not from %llu to %llu", what, (unsigned long long)value,
                     (unsigned long long)wanted->least, (unsigned long long)wanted->most);
    }
}

static void compare_stats(const struct machine *machine) {
    const struct reference *const reference = &machine->reference;
    uint32_t longest;
    const uint32_t free_runs = reference_free_runs(reference, &longest);
    struct chunk_heap_stats stats;
    chunk_heap_get_stats(&machine->heap, &stats);
    expect(machine, "chunk_size", stats.chunk_size, machine->shape.chunk_size);
    expect(machine, "chunks", stats.chunks, reference->chunks);
    expect(machine, "available", stats.available, reference->available);
    expect(machine, "used", stats.used, reference->used);
    expect(machine, "peak", stats.peak, reference->peak);
    expect(machine, "frontier", stats.frontier, reference_frontier(reference));
    expect(machine, "touched", stats.touched, reference->touched);
    expect(machine, "live_blocks", stats.live_blocks, reference->live);
    expect(machine, "free_runs", stats.free_runs, free_runs);
    if (stats.largest_free > longest || (longest - stats.largest_free) * 32 > longest) {
        machine_fail(machine, "largest_free is %zu, the longest free run %u", stats.largest_free,
                     longest);
    }
    expect(machine, "bookkeeping", stats.bookkeeping, machine->bookkeeping.size);
    expect_tally(machine, "failures", stats.failures, &machine->failures);
    expect_tally(machine, "allocations", stats.allocations, &machine->allocations);
    expect_tally(machine, "granted", stats.granted, &machine->granted);
    expect(machine, "usage", chunk_heap_usage(&machine->heap),
           reference->available == 0 ? 0
                                     : (uint64_t)reference->used * 10000 / reference->available);
}

void machine_compare(const struct machine *machine) {
    const struct reference *const reference = &machine->reference;
    static const enum chunk_check depths[] = {CHUNK_CHECK_CHEAP, CHUNK_CHECK_EXHAUSTIVE};
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        const char *const broken = chunk_heap_check(&machine->heap, depths[i]);
        if (broken != NULL) {
            machine_fail(machine, "chunk_heap_check: %s", broken);
        }
    }
    struct walk walk = {.machine = machine, .frontier = reference_frontier(reference)};
    if (!chunk_heap_walk(&machine->heap, visit, &walk)) {
        machine_fail(machine, "walk did not end");
    }
    expect(machine, "end of the walk", walk.chunk, walk.frontier);
    compare_stats(machine);
    for (uint32_t i = 0; i < reference->live; i++) {
        const struct reference_block *const block = &reference->blocks[reference->alive[i]];
        machine_verify(machine, reference->alive[i], block->chunks);
        expect(machine, "usable size",
               chunk_usable_size(&machine->heap, machine_address(machine, block->start)),
               (uint64_t)block->chunks * machine->shape.chunk_size);
    }
}

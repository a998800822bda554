/* SPDX-License-Identifier: MIT */
/* The hook that a heap that grows asks for more. */
#include "machine.h"

static bool extend_by(struct machine *machine, size_t chunks) {
    machine_extend(machine, machine->reference.available + (uint32_t)chunks);
    return true;
}

static bool give(const struct chunk_heap *heap, size_t chunks) {
    /* The heap is the machine's first member. */
    struct machine *const machine = (struct machine *)(uintptr_t)heap;
    const size_t left = machine->reference.chunks - machine->reference.available;
    machine->asked++;
    if (chunks == 0 || chunks > 2 * (size_t)machine->reference.chunks) {
        machine_fail(machine, "asked for %zu chunks", chunks);
    }
    if (machine->source == SOURCE_REFUSES || chunks > left) {
        return false;
    }
    if (machine->source == SOURCE_GIVES_LESS) {
        return extend_by(machine, chunks / 2);
    }
    if (machine->source == SOURCE_GIVES_MORE) {
        return extend_by(machine, 2 * chunks < left ? 2 * chunks : left);
    }
    return extend_by(machine, chunks);
}

void machine_choose_source(struct machine *machine, enum source source) {
    machine->source = source;
    machine->heap.source = machine->heap.grows && source != SOURCE_NONE ? give : NULL;
}

void machine_expect_asked(const struct machine *machine, uint64_t length, uint64_t alignment) {
    const struct reference *const reference = &machine->reference;
    const uint64_t frontier = reference_frontier(reference);
    const uint64_t start = frontier + (-(reference->base + frontier) & (alignment - 1));
    const bool possible = alignment <= CHUNK_HEAP_MAX_CHUNKS && start + length <= reference->chunks;
    if (machine->heap.source != NULL && possible && machine->asked == 0) {
        machine_fail(machine, "refused %llu chunks without asking for more",
                     (unsigned long long)length);
    }
}

/* SPDX-License-Identifier: MIT */
#include "machine.h"
#include "witness.h"

/* One bit for each kind that heap.h allows for the pointer; none if it names a live block. */
static unsigned kinds_of(const struct machine *machine, const unsigned char *pointer) {
    const struct reference *const reference = &machine->reference;
    const size_t offset = (size_t)((uintptr_t)pointer - (uintptr_t)machine->memory.bytes);
    const uint32_t unit = machine->shape.chunk_size;
    if (offset >= machine->memory.size) {
        return 1u << CHUNK_MISUSE_OUTSIDE;
    }
    const uint32_t chunk = (uint32_t)(offset / unit);
    const unsigned misaligned = offset % unit != 0 ? 1u << CHUNK_MISUSE_MISALIGNED : 0;
    if (chunk >= reference->touched) {
        return 1u << CHUNK_MISUSE_OUTSIDE | misaligned;
    }
    if (misaligned != 0) {
        return misaligned;
    }
    if (reference->owner[chunk] == 0) {
        return 1u << CHUNK_MISUSE_DOUBLE_FREE;
    }
    return reference_block_at(reference, chunk) == REFERENCE_NONE ? 1u << CHUNK_MISUSE_INTERIOR : 0;
}

void machine_expect_no_misuse(const struct machine *machine) {
    if (witness.count != 0) {
        machine_fail(machine, "misuse reported where there was none: %s",
                     chunk_misuse_name(witness.kind));
    }
}

static void expect_report(const struct machine *machine, const void *pointer, unsigned kinds) {
    if (witness.count != 1 || witness.pointer != pointer || (kinds >> witness.kind & 1) == 0) {
        machine_fail(
            machine, "%u reports for %p, the last of %s for %p; wanted one of the kinds %x",
            witness.count, pointer, chunk_misuse_name(witness.kind), witness.pointer, kinds);
    }
    witness_clear();
}

static void use_bad_pointer(struct machine *machine, unsigned char *pointer, unsigned kinds,
                            uint32_t verb) {
    const struct chunk_heap *const heap = &machine->heap;
    bool failed = true;
    switch (verb % 5) {
    case 0:
        chunk_free(heap, pointer);
        break;
    case 1:
        chunk_free_sized(heap, pointer, 1);
        break;
    case 2:
        failed = !chunk_resize(heap, pointer, 1);
        break;
    case 3:
        failed = chunk_realloc(heap, pointer, 1) == NULL;
        machine->failures.most++;
        break;
    default:
        failed = chunk_usable_size(heap, pointer) == 0;
        break;
    }
    if (!failed) {
        machine_fail(machine, "%p accepted", (void *)pointer);
    }
    expect_report(machine, pointer, kinds);
}

static void free_with_wrong_size(struct machine *machine, uint32_t number, size_t size) {
    const struct reference_block block = machine->reference.blocks[number];
    if (machine_length(machine, size) == block.chunks) {
        return;
    }
    void *const pointer = machine_address(machine, block.start);
    chunk_free_sized(&machine->heap, pointer, size);
    expect_report(machine, pointer, 1u << CHUNK_MISUSE_WRONG_SIZE);
    machine_verify(machine, number, block.chunks);
}

void machine_misuse(struct machine *machine, unsigned char *pointer, size_t size, uint32_t verb) {
    const unsigned kinds = kinds_of(machine, pointer);
    if (kinds != 0) {
        use_bad_pointer(machine, pointer, kinds, verb);
    } else {
        const size_t offset = (size_t)(pointer - machine->memory.bytes);
        const uint32_t chunk = (uint32_t)(offset / machine->shape.chunk_size);
        free_with_wrong_size(machine, reference_block_at(&machine->reference, chunk), size);
    }
}

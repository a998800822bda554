/* SPDX-License-Identifier: MIT */
#include "machine.h"

static void count(struct tally *tally, bool certain, uint64_t number) {
    tally->least += certain ? number : 0;
    tally->most += number;
}

static void count_granted(struct machine *machine, bool certain, uint64_t length) {
    count(&machine->allocations, certain, 1);
    count(&machine->granted, certain, length);
}

static void expect_zero(const struct machine *machine, const unsigned char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            machine_fail(machine, "byte %zu of %zu is not zero", i, size);
        }
    }
}

/* The chunk that a block of so many chunks starts at, once it is known to lie as it must. */
static uint32_t place_of(const struct machine *machine, const void *block, uint64_t length,
                         uint64_t alignment) {
    const size_t offset = (size_t)((uintptr_t)block - (uintptr_t)machine->memory.bytes);
    const uint32_t unit = machine->shape.chunk_size;
    if (!chunk_heap_contains(&machine->heap, block) || offset >= machine->memory.size) {
        machine_fail(machine, "block %p is outside the heap", block);
    }
    if (offset % unit != 0 || (uintptr_t)block % alignment != 0) {
        machine_fail(machine, "block %p is misaligned", block);
    }
    if (!reference_is_free(&machine->reference, (uint32_t)(offset / unit), (uint32_t)length)) {
        machine_fail(machine, "block of %llu chunks at chunk %zu overlaps",
                     (unsigned long long)length, offset / unit);
    }
    return (uint32_t)(offset / unit);
}

static void expect_usable(const struct machine *machine, const void *block, uint64_t length) {
    const size_t usable = chunk_usable_size(&machine->heap, block);
    if (usable != length * machine->shape.chunk_size) {
        machine_fail(machine, "usable size is %zu, not %llu chunks", usable,
                     (unsigned long long)length);
    }
}

static void refused(struct machine *machine, uint64_t length, uint64_t alignment) {
    if (reference_must_find(&machine->reference, length, alignment)) {
        machine_fail(machine, "no block of %llu chunks aligned to %llu, though there is room",
                     (unsigned long long)length, (unsigned long long)alignment);
    }
    machine_expect_asked(machine, length, alignment);
    count(&machine->failures, true, 1);
}

static void granted(struct machine *machine, const void *block, uint64_t length, size_t alignment) {
    const uint32_t start = place_of(machine, block, length, alignment);
    const uint32_t number = reference_add(&machine->reference, start, (uint32_t)length);
    expect_usable(machine, block, length);
    machine_mark(machine, number);
    count_granted(machine, true, length);
}

static void allocated(struct machine *machine, const void *block, size_t size) {
    const uint64_t length = machine_length(machine, size);
    if (block == NULL) {
        refused(machine, length, 1);
    } else {
        granted(machine, block, length, 1);
    }
}

void machine_allocate(struct machine *machine, size_t size) {
    allocated(machine, chunk_alloc(&machine->heap, size), size);
}

void machine_allocate_zeroed(struct machine *machine, size_t size) {
    void *const block = chunk_alloc_zeroed(&machine->heap, size);
    if (block != NULL) {
        expect_zero(machine, block, size);
    }
    allocated(machine, block, size);
}

void machine_reallocate_nothing(struct machine *machine, size_t size) {
    allocated(machine, chunk_realloc(&machine->heap, NULL, size), size);
}

void machine_allocate_aligned(struct machine *machine, size_t alignment, size_t size) {
    const uint32_t unit = machine->shape.chunk_size;
    const uint64_t length = machine_length(machine, size);
    void *const block = chunk_alloc_aligned(&machine->heap, alignment, size);
    if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
        if (block != NULL) {
            machine_fail(machine, "a block aligned to %zu", alignment);
        }
        count(&machine->failures, false, 1);
    } else if (block == NULL) {
        refused(machine, length, alignment > unit ? alignment / unit : 1);
    } else {
        granted(machine, block, length, alignment);
    }
}

void machine_free(struct machine *machine, uint32_t number) {
    const struct reference_block block = machine->reference.blocks[number];
    machine_verify(machine, number, block.chunks);
    chunk_free(&machine->heap, machine_address(machine, block.start));
    reference_remove(&machine->reference, number);
}

void machine_free_sized(struct machine *machine, uint32_t number, size_t size) {
    const struct reference_block block = machine->reference.blocks[number];
    machine_verify(machine, number, block.chunks);
    chunk_free_sized(&machine->heap, machine_address(machine, block.start), size);
    reference_remove(&machine->reference, number);
}

static bool can_stay(const struct machine *machine, const struct reference_block *block,
                     uint64_t length) {
    if (length <= block->chunks) {
        return true;
    }
    const uint64_t more = length - block->chunks;
    return more <= machine->shape.chunks &&
           reference_is_free(&machine->reference, block->start + block->chunks, (uint32_t)more);
}

static void stayed(struct machine *machine, uint32_t number, uint64_t length) {
    const struct reference_block block = machine->reference.blocks[number];
    const uint32_t kept = length < block.chunks ? (uint32_t)length : block.chunks;
    reference_resize(&machine->reference, number, (uint32_t)length);
    expect_usable(machine, machine_address(machine, block.start), length);
    machine_verify(machine, number, kept);
    machine_mark(machine, number);
}

void machine_resize(struct machine *machine, uint32_t number, size_t size) {
    const struct reference_block block = machine->reference.blocks[number];
    const uint64_t length = machine_length(machine, size);
    const bool resized = chunk_resize(&machine->heap, machine_address(machine, block.start), size);
    /* The heap may have been extended for it. */
    const bool wanted = can_stay(machine, &block, length);
    if (resized != wanted) {
        machine_fail(machine, "resize of %u chunks at chunk %u to %llu %s", block.chunks,
                     block.start, (unsigned long long)length,
                     wanted ? "failed, though there is room" : "succeeded without room");
    }
    if (wanted) {
        stayed(machine, number, length);
    } else {
        machine_verify(machine, number, block.chunks);
    }
}

static void moved(struct machine *machine, uint32_t number, const void *bytes, uint64_t length) {
    struct reference *const reference = &machine->reference;
    const struct reference_block block = reference->blocks[number];
    const size_t offset = (size_t)((uintptr_t)bytes - (uintptr_t)machine->memory.bytes);
    const uint32_t start = (uint32_t)(offset / machine->shape.chunk_size);
    /* Where both fit beside each other, both were in use for a moment. */
    const bool apart = offset < machine->memory.size && length <= reference->chunks &&
                       reference_is_free(reference, start, (uint32_t)length);
    if (!apart) {
        reference_remove(reference, number);
    }
    const uint32_t place = place_of(machine, bytes, length, 1);
    const uint32_t copy = reference_add(reference, place, (uint32_t)length);
    if (apart) {
        reference_remove(reference, number);
    }
    expect_usable(machine, bytes, length);
    machine_verify_at(machine, bytes, length < block.chunks ? (uint32_t)length : block.chunks,
                      block.pattern);
    machine_mark(machine, copy);
    count_granted(machine, false, length);
}

/* A block that shrinks may move only into a run that it fills, or nearly. */
static void expect_better_place(const struct machine *machine, const struct reference_block *block,
                                const void *bytes, uint64_t length) {
    const struct reference *const reference = &machine->reference;
    const uint64_t less = block->chunks - length;
    const size_t offset = (size_t)((uintptr_t)bytes - (uintptr_t)machine->memory.bytes);
    const uint32_t start = (uint32_t)(offset / machine->shape.chunk_size);
    const uint32_t whole = offset < machine->memory.size
                               ? reference_free_from(reference, start, reference->chunks)
                               : 0;
    if (less <= block->chunks / 8 || whole < length || whole - length > less / 16 ||
        reference_free_below(reference, start, 1) != 0) {
        machine_fail(machine, "realloc of %u chunks to %llu moved to chunk %u of %u free ones",
                     block->chunks, (unsigned long long)length, start, whole);
    }
}

static void reallocation_refused(struct machine *machine, uint32_t number, uint64_t length) {
    const struct reference *const reference = &machine->reference;
    const struct reference_block *const block = &reference->blocks[number];
    const uint32_t end = block->start + block->chunks;
    const uint64_t room = (uint64_t)block->chunks +
                          reference_free_below(reference, block->start, reference->chunks) +
                          reference_free_from(reference, end, reference->chunks);
    if (room >= length) {
        machine_fail(machine, "realloc of %u chunks at chunk %u to %llu: no use of neighbours",
                     block->chunks, block->start, (unsigned long long)length);
    }
    refused(machine, length, 1);
    machine_verify(machine, number, block->chunks);
}

void machine_reallocate(struct machine *machine, uint32_t number, size_t size) {
    const struct reference_block block = machine->reference.blocks[number];
    const uint64_t length = machine_length(machine, size);
    void *const old = machine_address(machine, block.start);
    const bool stays_before = can_stay(machine, &block, length);
    void *const bytes = chunk_realloc(&machine->heap, old, size);
    /* What is given too late, for another place, is of no use to this one. */
    const bool late = machine->source == SOURCE_GIVES_LESS && bytes != old;
    const bool stays = late ? stays_before : can_stay(machine, &block, length);
    if (length < block.chunks && bytes != NULL && bytes != old) {
        expect_better_place(machine, &block, bytes, length);
        moved(machine, number, bytes, length);
    } else if (stays && bytes != old) {
        machine_fail(machine, "realloc of %u chunks at chunk %u to %llu did not stay", block.chunks,
                     block.start, (unsigned long long)length);
    } else if (stays) {
        stayed(machine, number, length);
    } else if (bytes == NULL) {
        reallocation_refused(machine, number, length);
    } else {
        moved(machine, number, bytes, length);
    }
}

void machine_extend(struct machine *machine, uint32_t chunks) {
    struct reference *const reference = &machine->reference;
    const bool wanted = machine->heap.grows && chunks <= reference->chunks;
    if (chunk_heap_extend(&machine->heap, chunks) != wanted) {
        machine_fail(machine, "extend from %u to %u chunks", reference->available, chunks);
    }
    if (wanted && chunks > reference->available) {
        reference->available = chunks;
    }
}

void machine_truncate(struct machine *machine, uint32_t chunks) {
    struct reference *const reference = &machine->reference;
    const bool wanted = machine->heap.grows && chunks >= reference_frontier(reference);
    if (chunk_heap_truncate(&machine->heap, chunks) != wanted) {
        machine_fail(machine, "truncate from %u to %u chunks", reference->available, chunks);
    }
    if (wanted && chunks < reference->available) {
        reference->available = chunks;
    }
}

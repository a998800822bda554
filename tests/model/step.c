/* SPDX-License-Identifier: MIT */
/* What to do next, as the tape decides. */
#include "machine.h"

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* Mostly a few chunks, sometimes near a power of two, now and then as much as the heap or more. */
static uint32_t draw_length(struct machine *machine) {
    struct tape *const tape = machine->tape;
    const uint32_t chunks = machine->shape.chunks;
    const uint32_t choice = tape_draw(tape, 64);
    if (choice < 32) {
        return 1 + tape_draw(tape, 8);
    }
    if (choice < 48) {
        return 1 + tape_draw(tape, smaller(chunks + 1, 64));
    }
    if (choice < 56) {
        return smaller((1u << tape_draw(tape, 10)) + tape_draw(tape, 3), chunks + 1);
    }
    if (choice < 62 || tape_draw(tape, 1 + chunks / 64) != 0) {
        return 1 + tape_draw(tape, smaller(chunks + 1, 512));
    }
    return 1 + tape_draw(tape, chunks + 1);
}

static size_t draw_huge(struct machine *machine) {
    const size_t unit = machine->shape.chunk_size;
    const size_t huge[] = {SIZE_MAX,
                           SIZE_MAX - 1,
                           SIZE_MAX - unit,
                           SIZE_MAX - unit + 1,
                           SIZE_MAX / 2,
                           SIZE_MAX / 2 + 1,
                           (size_t)((uint64_t)unit << 31),
                           (size_t)((uint64_t)unit << 32)};
    return huge[tape_draw(machine->tape, sizeof huge / sizeof *huge)];
}

static size_t draw_size(struct machine *machine) {
    const uint32_t choice = tape_draw(machine->tape, 128);
    if (choice == 0) {
        return draw_huge(machine);
    }
    if (choice <= 2) {
        return 0;
    }
    const uint32_t unit = machine->shape.chunk_size;
    return (size_t)draw_length(machine) * unit - tape_draw(machine->tape, unit);
}

static size_t draw_alignment(struct machine *machine) {
    if (tape_chance(machine->tape, 32)) {
        const size_t unit = machine->shape.chunk_size;
        const size_t wrong[] = {0, 3, unit + 1, unit * 3, SIZE_MAX};
        return wrong[tape_draw(machine->tape, sizeof wrong / sizeof *wrong)];
    }
    const uint32_t logs = (uint32_t)(64 - __builtin_clzll(machine->memory.size));
    return (size_t)1 << tape_draw(machine->tape, logs + 1);
}

static uint32_t draw_block(struct machine *machine) {
    return machine->reference.alive[tape_draw(machine->tape, machine->reference.live)];
}

static unsigned char *draw_pointer(struct machine *machine) {
    const size_t unit = machine->shape.chunk_size;
    const size_t chunk = tape_draw(machine->tape, machine->shape.chunks + 2);
    const size_t within = tape_draw(machine->tape, 2 * machine->shape.chunk_size);
    return (unsigned char *)((uintptr_t)machine->memory.bytes + (chunk - 1) * unit +
                             (within < unit ? 0 : within - unit));
}

static void step_allocate(struct machine *machine) {
    const size_t size = draw_size(machine);
    const uint64_t failures = machine->failures.least;
    const uint32_t choice = tape_draw(machine->tape, 8);
    if (choice == 0) {
        machine_allocate_aligned(machine, draw_alignment(machine), size);
    } else if (choice < 3) {
        machine_allocate_zeroed(machine, size);
    } else if (choice == 3) {
        machine_reallocate_nothing(machine, size);
    } else {
        machine_allocate(machine, size);
    }
    /* To be sure that a large heap has no room for a block takes long, so it should be rare. */
    if (failures != machine->failures.least && machine->shape.chunks > 8192) {
        machine->trend = TREND_DRAIN;
    }
}

static void step_free(struct machine *machine) {
    if (machine->reference.live == 0) {
        chunk_free(&machine->heap, NULL);
        return;
    }
    const uint32_t number = draw_block(machine);
    const size_t chunks = machine->reference.blocks[number].chunks;
    const uint32_t unit = machine->shape.chunk_size;
    if (tape_chance(machine->tape, 4)) {
        const uint32_t missing = tape_draw(machine->tape, chunks == 1 ? unit + 1 : unit);
        machine_free_sized(machine, number, chunks * unit - missing);
    } else {
        machine_free(machine, number);
    }
}

static void step_resize(struct machine *machine) {
    if (machine->reference.live == 0) {
        return;
    }
    const uint32_t number = draw_block(machine);
    if (tape_chance(machine->tape, 2)) {
        machine_resize(machine, number, draw_size(machine));
    } else {
        machine_reallocate(machine, number, draw_size(machine));
    }
}

static void step_misuse(struct machine *machine) {
    unsigned char *const pointer = draw_pointer(machine);
    const size_t size = tape_draw(machine->tape, UINT32_MAX) % (2 * machine->memory.size);
    machine_misuse(machine, pointer, size, tape_draw(machine->tape, 256));
}

static void step_available(struct machine *machine) {
    if (tape_chance(machine->tape, 3)) {
        machine_choose_source(machine, (enum source)tape_draw(machine->tape, SOURCE_COUNT));
        return;
    }
    const uint32_t chunks = tape_draw(machine->tape, machine->shape.chunks + 2);
    if (tape_chance(machine->tape, 2)) {
        machine_truncate(machine, chunks);
    } else {
        machine_extend(machine, chunks);
    }
}

void machine_step(struct machine *machine) {
    static const uint8_t allocations_of_16[TREND_COUNT] = {
        [TREND_STEADY] = 5, [TREND_FILL] = 9, [TREND_DRAIN] = 2};
    machine->steps++;
    machine->asked = 0;
    if (tape_chance(machine->tape, 16 + machine->shape.chunks / 16)) {
        machine->trend = (enum trend)tape_draw(machine->tape, TREND_COUNT);
    }
    const uint32_t choice = tape_draw(machine->tape, 16);
    if (choice < allocations_of_16[machine->trend]) {
        step_allocate(machine);
    } else if (choice < 11) {
        step_free(machine);
    } else if (choice < 15) {
        step_resize(machine);
    } else if (tape_chance(machine->tape, 2)) {
        step_misuse(machine);
    } else {
        step_available(machine);
    }
    machine_expect_no_misuse(machine);
    if (machine->steps % machine->shape.check_every == 0) {
        machine_compare(machine);
    }
}

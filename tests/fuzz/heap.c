/* SPDX-License-Identifier: MIT */
/* The core against its model: the first bytes choose a heap, the others what is done with it. */
#include "../model/machine.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint32_t units[] = {16, 64, 256, 4096};
    static const uint32_t limits[] = {12, 66, 400, 5000};
    struct tape tape = tape_from_bytes(data, size);
    struct shape shape = {.check_every = 1};
    shape.chunk_size = units[tape_draw(&tape, sizeof units / sizeof *units)];
    shape.chunks = 1 + tape_draw(&tape, limits[tape_draw(&tape, sizeof limits / sizeof *limits)]);
    shape.flags = tape_draw(&tape, 1 + (CHUNK_HEAP_NODES_OUTSIDE | CHUNK_HEAP_GROWS));
    shape.shift = tape_draw(&tape, 16);
    struct machine machine;
    machine_create(&machine, &shape, &tape, "fuzz_heap");
    if ((shape.flags & CHUNK_HEAP_GROWS) != 0) {
        machine_choose_source(&machine, (enum source)tape_draw(&tape, SOURCE_COUNT));
        machine_extend(&machine, tape_draw(&tape, shape.chunks + 1));
    }
    while (!tape_ended(&tape)) {
        machine_step(&machine);
    }
    machine_compare(&machine);
    machine_destroy(&machine);
    return 0;
}

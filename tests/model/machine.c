/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include <stdarg.h>

#include "witness.h"

void machine_fail(const struct machine *machine, const char *format, ...) {
    va_list arguments;
    (void)fprintf(stderr,
                  "%s: heap of %u chunks of %u bytes, flags %u, step %llu: ", machine->origin,
                  machine->shape.chunks, machine->shape.chunk_size, machine->shape.flags,
                  (unsigned long long)machine->steps);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    abort();
}

void machine_create(struct machine *machine, const struct shape *shape, struct tape *tape,
                    const char *origin) {
    const size_t size = (size_t)shape->chunks * shape->chunk_size;
    const size_t beside = chunk_heap_bookkeeping_size(shape->chunks, shape->flags);
    *machine = (struct machine){.shape = *shape, .tape = tape, .origin = origin};
    machine->memory = area_create(size, (size_t)shape->shift * shape->chunk_size);
    machine->bookkeeping = area_create(beside, 0);
    const enum chunk_heap_error error =
        chunk_heap_init(&machine->heap, machine->memory.bytes, size, shape->chunk_size,
                        machine->bookkeeping.bytes, beside, shape->flags);
    if (error != CHUNK_HEAP_OK) {
        machine_fail(machine, "chunk_heap_init: %s", chunk_heap_error_text(error));
    }
    machine->heap.misuse = witness_hook;
    witness_clear();
    reference_create(&machine->reference, (uintptr_t)machine->memory.bytes / shape->chunk_size,
                     shape->chunks, shape->flags & CHUNK_HEAP_GROWS ? 0 : shape->chunks);
}

void machine_destroy(struct machine *machine) {
    area_destroy(&machine->memory);
    area_destroy(&machine->bookkeeping);
    reference_destroy(&machine->reference);
}

uint64_t machine_length(const struct machine *machine, size_t size) {
    const uint32_t unit = machine->shape.chunk_size;
    return size == 0 ? 1 : size / unit + (size % unit != 0);
}

unsigned char *machine_address(const struct machine *machine, uint32_t chunk) {
    return machine->memory.bytes + (size_t)chunk * machine->shape.chunk_size;
}

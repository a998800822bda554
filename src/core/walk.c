/* SPDX-License-Identifier: MIT */
#include "run.h"

bool chunk_heap_walk(const struct chunk_heap *heap,
                     bool (*visit)(void *context, const struct chunk_run *run), void *context) {
    for (uint32_t chunk = 0; chunk < heap->state->frontier;) {
        const uint32_t length = chunk_run_length(heap, chunk);
        const struct chunk_run run = {
            .start = heap->memory + ((size_t)chunk << heap->chunk_shift),
            .size = (size_t)length << heap->chunk_shift,
            .live = chunk_bitmap_is_live(heap, chunk),
        };
        if (!visit(context, &run)) {
            return false;
        }
        chunk += length;
    }
    return true;
}

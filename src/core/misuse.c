/* SPDX-License-Identifier: MIT */
#include "misuse.h"

void chunk_misuse_report(const struct chunk_heap *heap, enum chunk_misuse kind,
                         const void *pointer) {
    if (heap->misuse == NULL) {
        __builtin_trap();
    }
    heap->misuse(kind, pointer);
}

void chunk_misuse_corrupt(const struct chunk_heap *heap, const void *node) {
    chunk_misuse_report(heap, CHUNK_MISUSE_CORRUPT, node);
    __builtin_trap();
}

const char *chunk_misuse_name(enum chunk_misuse kind) {
    switch (kind) {
    case CHUNK_MISUSE_DOUBLE_FREE:
        return "double free";
    case CHUNK_MISUSE_INTERIOR:
        return "interior pointer";
    case CHUNK_MISUSE_MISALIGNED:
        return "misaligned pointer";
    case CHUNK_MISUSE_OUTSIDE:
        return "pointer outside the heap";
    case CHUNK_MISUSE_WRONG_SIZE:
        return "wrong size";
    case CHUNK_MISUSE_CORRUPT:
        return "corrupted free run";
    }
    return "unknown misuse";
}

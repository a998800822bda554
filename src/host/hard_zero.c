/* SPDX-License-Identifier: MIT */
#include "hard_zero.h"

#include "out.h"
#include "sys.h"

enum { ZEROS = 16384 };

static unsigned char *zero_memory;
static struct chunk_heap zero_heap; /* guarded by the heap's lock */
static _Alignas(16) unsigned char zero_bookkeeping[CHUNK_HEAP_BOOKKEEPING_SIZE(
    ZEROS, CHUNK_HEAP_NODES_OUTSIDE)];

static void refuse_zero(enum chunk_misuse kind, const void *pointer) {
    switch (kind) {
    case CHUNK_MISUSE_MISALIGNED:
        cm_die("free", " of misaligned pointer", pointer);
    case CHUNK_MISUSE_OUTSIDE:
        cm_die("free", " of invalid pointer", pointer);
    default:
        cm_die_with(chunk_misuse_name(kind), " of", pointer, 0);
    }
}

bool cm_hard_zero_start(void) {
    const size_t size = (size_t)ZEROS * CM_GRANULE;
    const size_t guarded = size + 2 * CM_SLAB_SIZE;
    unsigned char *const start = (unsigned char *)cm_sys_reserve(guarded);
    if (start == NULL) {
        return false;
    }
    zero_memory = start + CM_SLAB_SIZE;
    const enum chunk_heap_error error =
        chunk_heap_init(&zero_heap, zero_memory, size, CM_GRANULE, zero_bookkeeping,
                        sizeof zero_bookkeeping, CHUNK_HEAP_NODES_OUTSIDE | CHUNK_HEAP_ZEROED);
    zero_heap.misuse = refuse_zero;
    return error == CHUNK_HEAP_OK;
}

bool cm_hard_is_zero(const void *address) {
    return cm_hard_on && (uintptr_t)address - (uintptr_t)zero_memory < (size_t)ZEROS * CM_GRANULE;
}

void *cm_hard_zero_alloc(void) {
    cm_lock_acquire(&cm_heap_lock);
    void *const block = chunk_alloc(&zero_heap, 1);
    cm_lock_release(&cm_heap_lock);
    return block;
}

void cm_hard_zero_free(void *block) {
    cm_lock_acquire(&cm_heap_lock);
    chunk_free(&zero_heap, block);
    cm_lock_release(&cm_heap_lock);
}

/* SPDX-License-Identifier: MIT */
/*
 * The "speed of light": an allocator for the bench alone that does the least possible. A stack for
 * each class and thread, linked through the free blocks; nothing is checked, nothing is ever given
 * back to the system. Full stacks go to other threads through a list for each class.
 *
 * With WIPES or HARDENS, the least that it takes to promise more: limit_hooks.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define likely(x) __builtin_expect(!!(x), 1)
#define UNIT_SHIFT 16
#define UNIT ((size_t)1 << UNIT_SHIFT)
#define SPACE ((size_t)1 << 40)
#define CLASSES 160

struct block {
    struct block *next;
    struct block *next_stack; /* of the first block of a stack that waits for a thread */
};

/* What a thread keeps of a class: two stacks, so that it does not go back and forth at an edge. */
struct shelf {
    struct block *top;
    struct block *spare;
    size_t room; /* at most so many more go onto the top stack */
};

struct depot {
    atomic_flag lock;
    struct block *stacks;
    char *fresh, *fresh_end;
};

static __thread struct shelf shelves[CLASSES] __attribute__((tls_model("initial-exec")));
static struct depot depots[CLASSES];
static uint8_t class_of_unit[SPACE >> UNIT_SHIFT];
static _Atomic(uintptr_t) frontier;
static uintptr_t base = UINTPTR_MAX / 2;
static pthread_key_t at_exit;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* 16-byte steps to 128, then four classes for each doubling. Size 0 counts as 1. */
static inline unsigned class_of(size_t size) {
    const size_t last = size - (size != 0);
    if (likely(last < 128))
        return (unsigned)(last >> 4);
    const unsigned top = 63u - (unsigned)__builtin_clzll(last);
    return 8 + (top - 7) * 4 + (unsigned)(last >> (top - 2) & 3);
}

static inline size_t class_size(unsigned class) {
    if (class < 8)
        return ((size_t) class + 1) << 4;
    const unsigned top = 7 + (class - 8) / 4;
    return ((size_t)1 << top) + ((size_t)(class % 4) + 1) * ((size_t)1 << (top - 2));
}

/* Large blocks get twice their size of address space, a power of two, so that they grow in place.
 */
static inline unsigned class_for(size_t size) {
    if (likely(size <= UNIT))
        return class_of(size);
    return class_of((size_t)2 << (64 - __builtin_clzll(size - 1)));
}

static inline uint32_t stack_limit(unsigned class) {
    const size_t fits = UNIT / class_size(class);
    return fits > 256 ? 256 : fits > 0 ? (uint32_t)fits : 1;
}

static void lock_depot(struct depot *depot) {
    while (atomic_flag_test_and_set_explicit(&depot->lock, memory_order_acquire))
        sched_yield();
}

static void unlock_depot(struct depot *depot) {
    atomic_flag_clear_explicit(&depot->lock, memory_order_release);
}

static void give_stack(unsigned class, struct block *stack) {
    if (!stack)
        return;
    struct depot *depot = &depots[class];
    lock_depot(depot);
    stack->next_stack = depot->stacks;
    depot->stacks = stack;
    unlock_depot(depot);
}

static void push_waiting(unsigned class);
static void start_hooks(void);

static void give_all(void *unused) {
    (void)unused;
    for (unsigned class = 0; class < CLASSES; class ++) {
        push_waiting(class);
        give_stack(class, shelves[class].top);
        give_stack(class, shelves[class].spare);
        shelves[class] = (struct shelf){0};
    }
}

static void lock_all(void) {
    for (unsigned class = 0; class < CLASSES; class ++)
        lock_depot(&depots[class]);
}

static void unlock_all(void) {
    for (unsigned class = 0; class < CLASSES; class ++)
        unlock_depot(&depots[class]);
}

static void start(void) {
    void *space = mmap(NULL, SPACE + UNIT, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED)
        _exit(125);
    base = ((uintptr_t)space + UNIT - 1) & ~(uintptr_t)(UNIT - 1);
    atomic_store(&frontier, base);
    start_hooks();
    pthread_key_create(&at_exit, give_all);
    pthread_atfork(lock_all, unlock_all, unlock_all);
}

/* Whole units; the first is named in the map: small blocks have but one, large ones start there. */
static char *take_units(unsigned class, size_t bytes) {
    const size_t rounded = (bytes + UNIT - 1) & ~(UNIT - 1);
    const uintptr_t units = atomic_fetch_add(&frontier, rounded);
    if (units + rounded > base + SPACE)
        return NULL;
    class_of_unit[(units - base) >> UNIT_SHIFT] = (uint8_t) class;
    return (char *)units;
}

/* A stack of fresh blocks: at most 4 KiB of them at once, so that little is touched before its
 * time. */
static struct block *carve(unsigned class, struct depot *depot, uint32_t *count) {
    const size_t size = class_size(class);
    if ((size_t)(depot->fresh_end - depot->fresh) < size) {
        const size_t bytes = size < UNIT / 4 ? UNIT : size;
        char *units = take_units(class, bytes);
        if (!units)
            return NULL;
        depot->fresh = units;
        depot->fresh_end = units + bytes;
    }
    struct block *top = NULL;
    for (size_t made = 0; made == 0 || (made + size <= 4096 && *count < stack_limit(class));
         made += size) {
        if ((size_t)(depot->fresh_end - depot->fresh) < size)
            break;
        struct block *block = (struct block *)(void *)depot->fresh;
        depot->fresh += size;
        block->next = top;
        top = block;
        ++*count;
    }
    return top;
}

__attribute__((noinline)) static void *refill(unsigned class) {
    if (class >= CLASSES - 20) {
        errno = ENOMEM;
        return NULL;
    }
    struct shelf *shelf = &shelves[class];
    struct depot *depot = &depots[class];
    uint32_t count = stack_limit(class);
    struct block *stack = shelf->spare;
    shelf->spare = NULL;
    if (!stack) {
        pthread_once(&once, start);
        pthread_setspecific(at_exit, shelves);
        lock_depot(depot);
        stack = depot->stacks;
        if (stack) {
            depot->stacks = stack->next_stack;
        } else {
            count = 0;
            stack = carve(class, depot, &count);
        }
        unlock_depot(depot);
    }
    if (!stack) {
        errno = ENOMEM;
        return NULL;
    }
    shelf->top = stack->next;
    shelf->room = stack_limit(class) - count + 1;
    return stack;
}

/* The stack is full: it becomes the spare one, and the old spare one goes to the depot. */
__attribute__((noinline)) static void put_aside(unsigned class) {
    struct shelf *shelf = &shelves[class];
    give_stack(class, shelf->spare);
    shelf->spare = shelf->top;
    shelf->top = NULL;
    shelf->room = stack_limit(class);
}

static inline void push(unsigned class, struct block *block) {
    struct shelf *shelf = &shelves[class];
    if (!likely(shelf->room))
        put_aside(class);
    block->next = shelf->top;
    shelf->top = block;
    shelf->room--;
}

static inline bool is_ours(const void *block) {
    return (uintptr_t)block - base < SPACE;
}

static inline size_t unit_of(const void *block) {
    return ((uintptr_t)block - base) >> UNIT_SHIFT;
}

static inline unsigned class_at(const void *block) {
    return class_of_unit[unit_of(block)];
}

#include "limit_hooks.h"

static inline void *take_block(unsigned class, size_t size, const void *caller) {
    struct shelf *shelf = &shelves[class];
    struct block *block = shelf->top;
    if (!likely(block))
        return handed_out(class, refill(class), size, caller);
    shelf->top = block->next;
    shelf->room++;
    return handed_out(class, block, size, caller);
}

EXPORT void *malloc(size_t size) {
    if (!likely(size < SPACE)) {
        errno = ENOMEM;
        return NULL;
    }
    return take_block(class_for(size), size, __builtin_return_address(0));
}

EXPORT void free(void *pointer) {
    if (!likely(is_ours(pointer)))
        return;
    const unsigned class = class_at(pointer);
    struct block *block = taken_back(class, pointer, __builtin_return_address(0));
    if (likely(block))
        push(class, block);
}

EXPORT void *calloc(size_t count, size_t each) {
    size_t size;
    if (__builtin_mul_overflow(count, each, &size) || size >= SPACE) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = take_block(class_for(size), size, __builtin_return_address(0));
    return block && !HANDS_OUT_ZEROS ? memset(block, 0, size) : block;
}

EXPORT size_t malloc_usable_size(void *block) {
    return is_ours(block) ? usable_size(class_at(block), block) : 0;
}

EXPORT void *realloc(void *old, size_t size) {
    if (!old)
        return malloc(size);
    const size_t had = is_ours(old) ? class_size(class_at(old)) : 0;
    if (size == 0) {
        free(old);
        return NULL;
    }
    if (size <= had && (size > had / 2 || had > UNIT)) {
        resized(class_at(old), old, size);
        return old;
    }
    void *block = malloc(size);
    if (!block)
        return NULL;
    const size_t usable = is_ours(old) ? usable_size(class_at(old), old) : 0;
    memcpy(block, old, usable < size ? usable : size);
    free(old);
    return block;
}

/* Classes of powers of two to UNIT are aligned to their size; beyond that the block is cut from
 * more. */
static void *take_aligned(size_t alignment, size_t size) {
    if (alignment <= 16)
        return malloc(size);
    if (size >= SPACE || alignment >= SPACE) {
        errno = ENOMEM;
        return NULL;
    }
    size_t rounded = alignment;
    while (rounded < size)
        rounded *= 2;
    if (alignment <= UNIT)
        return malloc(rounded);
    const unsigned class = class_for(size > UNIT ? size : UNIT + 1);
    char *block = malloc(class_size(class) + alignment);
    if (!block)
        return NULL;
    block += -(uintptr_t)block & (alignment - 1);
    class_of_unit[unit_of(block)] = (uint8_t) class;
    resettled(class, block, size);
    return block;
}

EXPORT void *memalign(size_t alignment, size_t size) {
    return take_aligned(alignment, size);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size) {
    return take_aligned(alignment, size);
}

EXPORT int posix_memalign(void **result, size_t alignment, size_t size) {
    void *block = take_aligned(alignment, size);
    if (!block)
        return ENOMEM;
    *result = block;
    return 0;
}

EXPORT void *valloc(size_t size) {
    return take_aligned(4096, size);
}

EXPORT void *pvalloc(size_t size) {
    return take_aligned(4096, (size + 4095) & ~(size_t)4095);
}

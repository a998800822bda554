/* SPDX-License-Identifier: MIT */
#include "entry.h"

#include "others.h"
#include <core/arith.h>
#include <errno.h>
#include <host/hard.h>
#include <host/out.h>
#include <host/reclaim.h>
#include <host/sys.h>
#include <host/thread.h>
#include <string.h>

extern void *cm_own_malloc(size_t size)
    __attribute__((alias(CM_ENTRY_TEXT(malloc)), visibility("hidden")));

/*
 * ---- fast paths ----
 *
 * As far as the thread's loaded magazine serves: no lock, no atomic operation, and nothing to save.
 * In the hardened mode they serve nothing, as its classes are not among those that magazines are
 * for. Each instruction here counts (suite golden, fast_path).
 */

/* NULL: not so. */
static inline void *fast_malloc(size_t size) {
    if (cm_unlikely(size > CM_SMALL_MAX) || !cm_enter_fast()) {
        return NULL;
    }
    void *const block = cm_thread_pop(cm_class_of(size));
    cm_leave_fast();
    return block;
}

static inline bool fast_push(size_t size_class, void *block) {
    if (!cm_enter_fast()) {
        return false;
    }
    const bool pushed = cm_thread_push(size_class, block);
    cm_leave_fast();
    return pushed;
}

/* False if it is not so, nor if what the pointer names is not live, or has no room for size bytes.
 * 0 always has. */
static inline bool fast_free(void *block, size_t size) {
    const size_t offset = (uintptr_t)block - (uintptr_t)cm_section_map;
    if (cm_unlikely(offset >= CM_SECTION_SPAN)) {
        return false;
    }
    const size_t kind = cm_section_map[offset >> CM_CHUNK_SHIFT];
    return !cm_unlikely(!cm_is_slot(kind, cm_offset_in_slab(block))) &&
           !cm_unlikely(size > cm_class_size((unsigned)kind)) &&
           !cm_unlikely(!fast_push(kind, block));
}

/* ---- finding a block ---- */

/* Bytes of the slot or run in which the address lies, or 0. */
static size_t room_at(struct cm_place place, const void *address) {
    if (place.kind == CM_KIND_HARD_FREED) {
        return cm_hard_freed_size(place, address);
    }
    return place.kind <= CM_SLAB_CLASSES ? cm_class_size(place.kind) : 0;
}

_Noreturn static void refuse_freed(struct cm_place place, const void *block, const char *what) {
    const bool freeing = strcmp(what, "free") == 0;
    cm_die_with(freeing ? "double free" : what, freeing ? " of" : " of freed block", block,
                room_at(place, block));
}

_Noreturn static void refuse(struct cm_place place, const void *block, const char *what) {
    const enum chunk_misuse misuse = cm_slab_misuse(place.region, block);
    if (misuse == CHUNK_MISUSE_DOUBLE_FREE) {
        refuse_freed(place, block, what);
    }
    if (misuse == CHUNK_MISUSE_OUTSIDE) {
        cm_die(what, " of invalid pointer", block);
    }
    const bool aligned = (uintptr_t)block % CM_GRANULE == 0;
    cm_die_with(what, aligned ? " of interior pointer" : " of misaligned pointer", block,
                room_at(place, block));
}

/* The place of a block that the program names: its kind is CM_KIND_NONE if it is not ours. Stops
 * the program, with what it was about to do, if no live block starts there; but of the hardened
 * kinds, that is not looked at. */
static struct cm_place locate(const void *block, const char *what) {
    const struct cm_region *const region = cm_region_of(block);
    if (region == NULL) {
        return (struct cm_place){NULL, cm_hard_is_zero(block) ? CM_KIND_HARD_ZERO : CM_KIND_NONE};
    }
    const unsigned kind = region->kinds[cm_offset_in(region, block) >> CM_CHUNK_SHIFT];
    const struct cm_place place = {region, kind};
    if (!cm_is_hard(kind) && !cm_is_slot(kind, cm_offset_in_slab(block)) &&
        !cm_is_large(region, block)) {
        refuse(place, block, what);
    }
    return place;
}

/* As locate, for what reads a block: also stops if a small block is in a magazine. */
static struct cm_place locate_live(const void *block, const char *what) {
    const struct cm_place place = locate(block, what);
    if (cm_is_hard(place.kind)) {
        if (!cm_hard_is_live(place, block)) {
            refuse(place, block, what);
        }
    } else if (place.kind != CM_KIND_NONE && place.kind != CM_KIND_LARGE && cm_is_marked(block) &&
               cm_thread_block_is_free(place.kind, block)) {
        refuse_freed(place, block, what);
    }
    return place;
}

static size_t size_at(struct cm_place place, const void *block) {
    if (cm_is_hard(place.kind)) {
        return cm_hard_size(place, block);
    }
    return place.kind == CM_KIND_LARGE ? cm_large_size(cm_run_at(place.region, block))
                                       : cm_class_size(place.kind);
}

/* ---- allocation ---- */

/* Memory that is free but held back in magazines and depots may be what is missing. */
static bool reclaim_once(bool *reclaimed) {
    const bool first = !*reclaimed;
    if (first) {
        *reclaimed = true;
        (void)cm_reclaim(0);
    }
    return first;
}

static void *allocate_large(size_t size, size_t alignment, enum cm_large_wish wish) {
    bool reclaimed = false;
    if (size > PTRDIFF_MAX) {
        return cm_no_memory();
    }
    do {
        void *const block = cm_large_alloc(size, alignment, wish);
        if (block != NULL) {
            return block;
        }
    } while (reclaim_once(&reclaimed));
    return cm_no_memory();
}

/* Of the function in which it stands: of an entry, its caller; of a slow path that an entry ends
 * with, the same, since the compiler makes a jump of that. There it is asked for if caller is NULL:
 * entries that have nothing else to do with it are shorter so. */
#define CALLER __builtin_return_address(0)

static CM_COLD void *allocate_plainly(size_t size) {
    if (cm_stands_aside()) {
        return cm_others_malloc(size);
    }
    if (size > CM_SMALL_MAX) {
        return allocate_large(size, 1, CM_LARGE_PLAIN);
    }
    bool reclaimed = false;
    do {
        void *const block = cm_thread_take(cm_class_of(size));
        if (block != NULL) {
            return block;
        }
    } while (reclaim_once(&reclaimed));
    return cm_no_memory();
}

static __attribute__((noinline)) void *allocate_slowly(size_t size, const void *caller) {
    caller = caller != NULL ? caller : CALLER;
    return cm_hard_on ? cm_hard_malloc(size, caller) : allocate_plainly(size);
}

/* Not worth a question where the mode is an option: then the fast paths serve nothing. */
static inline bool is_hard_from_the_start(void) {
#ifdef CM_HARDENED
    return cm_hard_on;
#else
    return false;
#endif
}

CM_INLINE void *allocate(size_t size, const void *caller) {
    if (is_hard_from_the_start()) {
        return cm_hard_malloc(size, caller != NULL ? caller : CALLER);
    }
    void *const block = fast_malloc(size);
    return !cm_unlikely(block == NULL) ? block : allocate_slowly(size, caller);
}

CM_EXPORT void *CM_ENTRY(malloc)(size_t size) {
    return allocate(size, NULL);
}

CM_EXPORT void *CM_ENTRY(calloc)(size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        return cm_no_memory();
    }
    if (cm_hard_on) {
        return cm_hard_malloc(total, CALLER); /* it is zero */
    }
    if (total > CM_SMALL_MAX && !cm_stands_aside()) {
        return allocate_large(total, 1, CM_LARGE_ZEROED);
    }
    void *const block = allocate(total, CALLER);
    return block != NULL ? memset(block, 0, total) : NULL;
}

static void *allocate_aligned(size_t alignment, size_t size, const void *caller) {
    if (cm_hard_on) {
        return alignment <= CM_GRANULE ? cm_hard_malloc(size, caller)
                                       : cm_hard_alloc(size, alignment, caller);
    }
    if (cm_stands_aside()) {
        return cm_others_memalign(alignment, size);
    }
    if (alignment <= CM_GRANULE) {
        return allocate(size, caller);
    }
    if (alignment > PTRDIFF_MAX) {
        return cm_no_memory();
    }
    const unsigned size_class = cm_aligned_class(alignment, size);
    return size_class != 0 ? allocate(cm_class_size(size_class), caller)
                           : allocate_large(size, alignment, CM_LARGE_PLAIN);
}

/* ---- freeing ---- */

static CM_COLD void free_found(void *block, const void *caller) {
    if (block == NULL) {
        return;
    }
    const struct cm_place place = locate(block, "free");
    if (place.kind == CM_KIND_NONE) {
        cm_others_free(block);
    } else if (cm_is_hard(place.kind)) {
        if (!cm_hard_free(place, block, caller)) {
            refuse(place, block, "free");
        }
    } else if (place.kind == CM_KIND_LARGE) {
        if (!cm_runs_free_large(cm_run_at(place.region, block))) {
            cm_die_with("double free", " of", block, 0);
        }
        cm_reclaim_if_due();
    } else if (!fast_push(place.kind, block)) {
        cm_thread_give(place.kind, block);
        cm_reclaim_if_due();
    }
}

static __attribute__((noinline)) void free_slowly(void *block, const void *caller) {
    caller = caller != NULL ? caller : CALLER;
    if (cm_hard_on) {
        cm_hard_free_or(block, caller, free_found);
    } else {
        free_found(block, caller);
    }
}

CM_INLINE void release(void *block, const void *caller) {
    if (is_hard_from_the_start()) {
        cm_hard_free_or(block, caller != NULL ? caller : CALLER, free_found);
    } else if (cm_unlikely(!fast_free(block, 0))) {
        free_slowly(block, caller);
    }
}

CM_EXPORT void CM_ENTRY(free)(void *block) {
    release(block, NULL);
}

CM_EXPORT void CM_ENTRY(cfree)(void *block) {
    release(block, NULL);
}

/* A block that shrank in place is longer than its size now says, so only a size that is too large
 * is certain to be wrong, but where the size is known. */
static void check_size(const char *what, const void *block, size_t size, size_t as_well) {
    const struct cm_place place = locate_live(block, what);
    if (place.kind == CM_KIND_NONE) {
        return;
    }
    const size_t found = size_at(place, block);
    if (cm_is_hard(place.kind) ? size != found && as_well != found : size > found) {
        cm_die_with(what, " with a wrong size of", block, found);
    }
}

CM_COLD void cm_free_sized_for(const void *caller, const char *what, void *block, size_t size,
                               size_t as_well) {
    if (block != NULL) {
        check_size(what, block, size, as_well);
    }
    free_slowly(block, caller);
}

static inline void release_sized(const void *caller, const char *what, void *block, size_t size) {
    if (cm_unlikely(!fast_free(block, size))) {
        cm_free_sized_for(caller, what, block, size, size);
    }
}

CM_EXPORT void CM_ENTRY(free_sized)(void *block, size_t size) {
    release_sized(CALLER, "free_sized", block, size);
}

void cm_check_alignment(const char *what, const void *block, size_t alignment) {
    if (((uintptr_t)block & (alignment - 1)) != 0 && arith_is_power_of_two(alignment) &&
        cm_region_of(block) != NULL) {
        cm_die(what, " with a wrong alignment of", block);
    }
}

CM_EXPORT void CM_ENTRY(free_aligned_sized)(void *block, size_t alignment, size_t size) {
    cm_check_alignment("free_aligned_sized", block, alignment);
    release_sized(CALLER, "free_aligned_sized", block, size);
}

/* ---- resizing ---- */

static bool resize_in_place(struct cm_place place, void *block, size_t size) {
    if (cm_is_hard(place.kind)) {
        return cm_hard_resize(place, block, size);
    }
    if (place.kind == CM_KIND_LARGE) {
        return size > CM_SMALL_MAX && cm_large_resize(cm_run_at(place.region, block), size);
    }
    /* A small block stays while at least half of it is needed. */
    const size_t old = cm_class_size(place.kind);
    return size <= old && size >= old / 2;
}

static void *move(struct cm_place place, void *block, size_t size, const void *caller) {
    const size_t old = size_at(place, block);
    const bool growing = size > old && size > CM_SMALL_MAX && !cm_hard_on;
    void *const fresh =
        growing ? allocate_large(size, 1, CM_LARGE_GROWING) : allocate(size, caller);
    if (fresh == NULL) {
        /* A block that is already large enough need not have moved. */
        return size <= old ? block : NULL;
    }
    memcpy(fresh, block, old < size ? old : size);
    release(block, caller);
    return fresh;
}

/* Is it a small block of the section, live as far as its mark tells, to stay in its class? */
static inline bool stays(const void *block, size_t size) {
    const size_t offset = (uintptr_t)block - (uintptr_t)cm_section_map;
    if (offset >= CM_SECTION_SPAN) {
        return false;
    }
    const size_t kind = cm_section_map[offset >> CM_CHUNK_SHIFT];
    return cm_is_slot(kind, cm_offset_in_slab(block)) && !cm_is_marked(block) &&
           cm_fits_class(kind, size);
}

static CM_COLD void *reallocate(void *block, size_t size) {
    const void *const caller = CALLER;
    if (block == NULL) {
        return allocate(size, caller);
    }
    if (size > PTRDIFF_MAX) {
        return cm_no_memory();
    }
    const struct cm_place place = locate_live(block, "realloc");
    if (place.kind == CM_KIND_NONE) {
        return cm_others_realloc(block, size);
    }
    if (size == 0) {
        release(block, caller);
        return NULL;
    }
    return resize_in_place(place, block, size) ? block : move(place, block, size, caller);
}

CM_EXPORT void *CM_ENTRY(realloc)(void *block, size_t size) {
    return stays(block, size) ? block : reallocate(block, size);
}

CM_EXPORT size_t CM_ENTRY(malloc_usable_size)(void *block) {
    if (block == NULL) {
        return 0;
    }
    const struct cm_place place = locate_live(block, "malloc_usable_size");
    return place.kind != CM_KIND_NONE ? size_at(place, block) : cm_others_usable_size(block);
}

/* ---- aligned blocks ---- */

CM_EXPORT int CM_ENTRY(posix_memalign)(void **block, size_t alignment, size_t size) {
    if (!arith_is_power_of_two(alignment) || alignment % sizeof(void *) != 0) {
        return EINVAL;
    }
    const int saved = errno;
    void *const fresh = allocate_aligned(alignment, size, CALLER);
    errno = saved;
    if (fresh == NULL) {
        return ENOMEM;
    }
    *block = fresh;
    return 0;
}

static void *invalid(void) {
    errno = EINVAL;
    return NULL;
}

/* As glibc before 2.38: an alignment that is not a power of two is taken up to the next. */
static void *allocate_aligned_leniently(size_t alignment, size_t size, const void *caller) {
    size_t power = CM_GRANULE;
    while (power < alignment) {
        if (power > SIZE_MAX / 2) {
            return invalid();
        }
        power *= 2;
    }
    return allocate_aligned(power, size, caller);
}

CM_EXPORT void *CM_ENTRY(aligned_alloc)(size_t alignment, size_t size) {
    return allocate_aligned_leniently(alignment, size, CALLER);
}

CM_EXPORT void *CM_ENTRY(memalign)(size_t alignment, size_t size) {
    return allocate_aligned_leniently(alignment, size, CALLER);
}

CM_EXPORT void *CM_ENTRY(valloc)(size_t size) {
    return allocate_aligned(cm_sys_page_size(), size, CALLER);
}

CM_EXPORT void *CM_ENTRY(pvalloc)(size_t size) {
    const size_t page = cm_sys_page_size();
    size_t rounded;
    if (__builtin_add_overflow(size, page - 1, &rounded)) {
        return cm_no_memory();
    }
    rounded &= ~(page - 1);
    return allocate_aligned(page, rounded != 0 ? rounded : page, CALLER);
}

/* ---- for others ---- */

void *cm_malloc_for(const void *caller, size_t size) {
    return allocate(size, caller);
}

void *cm_aligned_alloc_for(const void *caller, size_t alignment, size_t size) {
    return allocate_aligned_leniently(alignment, size, caller);
}

void cm_free_for(const void *caller, void *block) {
    free_slowly(block, caller);
}

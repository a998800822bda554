/* SPDX-License-Identifier: MIT */
#include "others.h"

#include "entry.h"
#include "next.h"
#include <host/out.h>

/* ---- standing aside ---- */

#ifdef CM_WRAP
static const void *winner(void) {
    return NULL;
}
#else
/* A reference that the loader binds to the first malloc in the program, which may not be ours. */
static const void *winner(void) {
    return (const void *)malloc;
}
#endif

bool cm_stands_aside(void) {
    static signed char answer; /* 0: not known yet */
    signed char known = __atomic_load_n(&answer, __ATOMIC_RELAXED);
    if (known == 0) {
        known = cm_stand_aside((const void *)cm_own_malloc, winner()) ? 1 : -1;
        __atomic_store_n(&answer, known, __ATOMIC_RELAXED);
    }
    return known > 0;
}

/* ---- their functions ---- */

/* Of nobody's block, where there is no other allocator. While one is being looked for, the block
 * may be that one's, and is left alone. */
static void no_next(const char *what, const void *block) {
    if (!cm_next_is_busy()) {
        cm_die(what, " of invalid pointer", block);
    }
}

void *cm_others_malloc(size_t size) {
    void *(*const next)(size_t) = (void *(*)(size_t))cm_next("malloc");
    return next != NULL ? next(size) : cm_no_memory();
}

void *cm_others_memalign(size_t alignment, size_t size) {
    void *(*const next)(size_t, size_t) = (void *(*)(size_t, size_t))cm_next("memalign");
    return next != NULL ? next(alignment, size) : cm_no_memory();
}

void cm_others_free(void *block) {
    static cm_function cached;
    cm_function function = __atomic_load_n(&cached, __ATOMIC_RELAXED);
    if (function == NULL) {
        function = cm_next("free");
        __atomic_store_n(&cached, function, __ATOMIC_RELAXED);
    }
    void (*const next)(void *) = (void (*)(void *))function;
    if (next != NULL) {
        next(block);
    } else {
        no_next("free", block);
    }
}

void *cm_others_realloc(void *block, size_t size) {
    void *(*const next)(void *, size_t) = (void *(*)(void *, size_t))cm_next("realloc");
    if (next == NULL) {
        no_next("realloc", block);
        return cm_no_memory();
    }
    return next(block, size);
}

size_t cm_others_usable_size(void *block) {
    size_t (*const next)(void *) = (size_t(*)(void *))cm_next("malloc_usable_size");
    if (next == NULL) {
        no_next("malloc_usable_size", block);
        return 0;
    }
    return next(block);
}

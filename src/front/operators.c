/* SPDX-License-Identifier: MIT */
#include "operators.h"

#include "entry.h"
#include "next.h"
#include <core/arith.h>
#include <dlfcn.h>
#include <host/config.h>
#include <host/out.h>
#include <string.h>

/* ---- whose they are ---- */

/* What the loader has bound the names to; of what they stand for, too, as there are libraries that
 * count what goes through malloc, and come first. */
static const void *const bound[] = {
    (const void *)malloc,
    (const void *)free,
    (const void *)_Znwm,
    (const void *)_Znam,
    (const void *)_ZnwmSt11align_val_t,
    (const void *)_ZnamSt11align_val_t,
    (const void *)_ZnwmRKSt9nothrow_t,
    (const void *)_ZnamRKSt9nothrow_t,
    (const void *)_ZnwmSt11align_val_tRKSt9nothrow_t,
    (const void *)_ZnamSt11align_val_tRKSt9nothrow_t,
    (const void *)_ZdlPv,
    (const void *)_ZdaPv,
    (const void *)_ZdlPvm,
    (const void *)_ZdaPvm,
    (const void *)_ZdlPvSt11align_val_t,
    (const void *)_ZdaPvSt11align_val_t,
    (const void *)_ZdlPvmSt11align_val_t,
    (const void *)_ZdaPvmSt11align_val_t,
    (const void *)_ZdlPvRKSt9nothrow_t,
    (const void *)_ZdaPvRKSt9nothrow_t,
    (const void *)_ZdlPvSt11align_val_tRKSt9nothrow_t,
    (const void *)_ZdaPvSt11align_val_tRKSt9nothrow_t,
};

/* Defined by the linker: where this library starts, and where its code ends. */
extern CM_HIDDEN const char __ehdr_start[];
extern CM_HIDDEN const char etext[];

static bool is_own(const void *function) {
    const uintptr_t start = (uintptr_t)__ehdr_start;
    return (uintptr_t)function - start < (uintptr_t)etext - start;
}

/* Has the program replaced none? If it has, all here step aside. So they do where an executable at
 * a fixed address uses the address of one, as that is of a stub of its own. */
static bool are_own(void) {
    static signed char answer; /* 0: not known yet */
    signed char known = __atomic_load_n(&answer, __ATOMIC_RELAXED);
    if (cm_unlikely(known == 0)) {
        bool all = true;
        for (size_t i = 0; i < sizeof bound / sizeof *bound; i++) {
            all = all && is_own(bound[i]);
        }
        known = all ? 1 : -1;
        __atomic_store_n(&answer, known, __ATOMIC_RELAXED);
    }
    return known > 0;
}

/* ---- those of the C++ library ---- */

/* What the code at the address would find, unless it is ours. */
static cm_function find_for(const void *code, const char *name) {
    Dl_info info;
    if (dladdr(code, &info) == 0 || info.dli_fname == NULL) {
        return NULL;
    }
    void *const library = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    if (library == NULL) {
        return NULL;
    }
    void *const symbol = dlsym(library, name);
    (void)dlclose(library);
    cm_function function = NULL;
    if (!is_own(symbol)) {
        memcpy(&function, &symbol, sizeof function);
    }
    return function;
}

/* The next of that name, or NULL. The C++ library, and what needs it, may have been loaded with
 * RTLD_LOCAL: then only the caller's own library leads there. */
static CM_COLD cm_function next_for(const void *caller, cm_function *known, const char *name) {
    cm_function next = __atomic_load_n(known, __ATOMIC_RELAXED);
    if (next == NULL) {
        next = cm_next(name);
        __atomic_store_n(known, next, __ATOMIC_RELAXED);
    }
    return next != NULL ? next : find_for(caller, name);
}

_Noreturn static CM_COLD void no_next_for(const void *caller, const char *name) {
    cm_die(name, " is left to the C++ library, of which there is none for", caller);
}

#define CALLER __builtin_return_address(0)

/* ---- new ---- */

/* Those of one kind differ only in the name under which the next one is found. */
#define NEW(name, parameters, own, call, may_be_null)                       \
    CM_EXPORT void *name parameters {                                       \
        typedef void *function parameters;                                  \
        static cm_function known;                                           \
        void *const block = !cm_unlikely(!are_own()) ? (own) : NULL;        \
        if (!cm_unlikely(block == NULL)) {                                  \
            return block;                                                   \
        }                                                                   \
        function *const next = (function *)next_for(CALLER, &known, #name); \
        if (next == NULL && !(may_be_null)) {                               \
            no_next_for(CALLER, #name);                                     \
        }                                                                   \
        return next != NULL ? (call) : NULL;                                \
    }
#define NEW_PLAIN(name) NEW(name, (size_t size), cm_malloc_for(CALLER, size), next(size), false)
#define NEW_OR_NULL(name)                                                      \
    NEW(name, (size_t size, const void *nothrow), cm_malloc_for(CALLER, size), \
        next(size, nothrow), true)
#define NEW_ALIGNED(name)                                                                     \
    NEW(name, (size_t size, size_t alignment), cm_aligned_alloc_for(CALLER, alignment, size), \
        next(size, alignment), false)
#define NEW_ALIGNED_OR_NULL(name)                                   \
    NEW(name, (size_t size, size_t alignment, const void *nothrow), \
        cm_aligned_alloc_for(CALLER, alignment, size), next(size, alignment, nothrow), true)

NEW_PLAIN(_Znwm)
NEW_PLAIN(_Znam)
NEW_OR_NULL(_ZnwmRKSt9nothrow_t)
NEW_OR_NULL(_ZnamRKSt9nothrow_t)
NEW_ALIGNED(_ZnwmSt11align_val_t)
NEW_ALIGNED(_ZnamSt11align_val_t)
NEW_ALIGNED_OR_NULL(_ZnwmSt11align_val_tRKSt9nothrow_t)
NEW_ALIGNED_OR_NULL(_ZnamSt11align_val_tRKSt9nothrow_t)

/* ---- delete ---- */

static void free_sized_for(const void *caller, const char *what, void *block, size_t size,
                           size_t alignment) {
    const size_t least = size != 0 ? size : 1;
    const bool valid = arith_is_power_of_two(alignment) && size <= PTRDIFF_MAX;
    cm_check_alignment(what, block, alignment);
    cm_free_sized_for(caller, what, block, size,
                      valid ? (size_t)arith_round_up(least, alignment) : size);
}

#define DELETE(name, parameters, own, call)                                 \
    CM_EXPORT void name parameters {                                        \
        typedef void function parameters;                                   \
        static cm_function known;                                           \
        if (!cm_unlikely(!are_own())) {                                     \
            own;                                                            \
            return;                                                         \
        }                                                                   \
        function *const next = (function *)next_for(CALLER, &known, #name); \
        if (next == NULL) {                                                 \
            no_next_for(CALLER, #name);                                     \
        }                                                                   \
        (call);                                                             \
    }
#define DELETE_PLAIN(name) DELETE(name, (void *block), cm_free_for(CALLER, block), next(block))
#define DELETE_OR_NULL(name)                                                     \
    DELETE(name, (void *block, const void *nothrow), cm_free_for(CALLER, block), \
           next(block, nothrow))
#define DELETE_ALIGNED(name)                                                  \
    DELETE(name, (void *block, size_t alignment), cm_free_for(CALLER, block), \
           next(block, alignment))
#define DELETE_ALIGNED_OR_NULL(name)                                                               \
    DELETE(name, (void *block, size_t alignment, const void *nothrow), cm_free_for(CALLER, block), \
           next(block, alignment, nothrow))
#define DELETE_SIZED(name, what)                                                           \
    DELETE(name, (void *block, size_t size), free_sized_for(CALLER, what, block, size, 1), \
           next(block, size))
#define DELETE_SIZED_ALIGNED(name, what)                       \
    DELETE(name, (void *block, size_t size, size_t alignment), \
           free_sized_for(CALLER, what, block, size, alignment), next(block, size, alignment))

DELETE_PLAIN(_ZdlPv)
DELETE_PLAIN(_ZdaPv)
DELETE_OR_NULL(_ZdlPvRKSt9nothrow_t)
DELETE_OR_NULL(_ZdaPvRKSt9nothrow_t)
DELETE_ALIGNED(_ZdlPvSt11align_val_t)
DELETE_ALIGNED(_ZdaPvSt11align_val_t)
DELETE_ALIGNED_OR_NULL(_ZdlPvSt11align_val_tRKSt9nothrow_t)
DELETE_ALIGNED_OR_NULL(_ZdaPvSt11align_val_tRKSt9nothrow_t)
DELETE_SIZED(_ZdlPvm, "operator delete")
DELETE_SIZED(_ZdaPvm, "operator delete[]")
DELETE_SIZED_ALIGNED(_ZdlPvmSt11align_val_t, "operator delete")
DELETE_SIZED_ALIGNED(_ZdaPvmSt11align_val_t, "operator delete[]")

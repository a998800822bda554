/* SPDX-License-Identifier: MIT */
#include "next.h"

#include <string.h>

/* What the linker makes of __real_NAME when it is told --wrap=NAME; absent if it is not. */
#define REAL(name) extern void __real_##name(void) __attribute__((weak));
#define ENTRY(name) {#name, __real_##name},
#define NAMES(X) \
    X(malloc)    \
    X(free)      \
    X(realloc)   \
    X(malloc_usable_size)

NAMES(REAL)

cm_function cm_next(const char *name) {
    static const struct {
        const char *name;
        cm_function function;
    } entries[] = {NAMES(ENTRY)};
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        if (strcmp(entries[i].name, name) == 0) {
            return entries[i].function;
        }
    }
    return NULL;
}

bool cm_stand_aside(const void *own, const void *winner) {
    (void)own;
    (void)winner;
    return false;
}

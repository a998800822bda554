/* SPDX-License-Identifier: MIT */
/*
 * A library for LD_AUDIT that allocates in each of its functions. The loader gives it a namespace
 * with a C library of its own, and calls it from within what the program, or a preloaded library,
 * asks of the loader. Which of its functions were called it notes in the environment, whose strings
 * are the same in all namespaces.
 */
#include "workout.h"

#include <link.h>

/* The loader calls all of them by name. */
#define LOADERS __attribute__((visibility("default")))

LOADERS unsigned int la_version(unsigned int version);
LOADERS unsigned int la_objopen(struct link_map *map, Lmid_t space, uintptr_t *cookie);
LOADERS void la_activity(uintptr_t *cookie, unsigned int flag);
LOADERS char *la_objsearch(const char *name, uintptr_t *cookie, unsigned int flag);
LOADERS void la_preinit(uintptr_t *cookie);
LOADERS unsigned int la_objclose(uintptr_t *cookie);
LOADERS uintptr_t la_symbind64(Elf64_Sym *symbol, unsigned int index, uintptr_t *from,
                               uintptr_t *to, unsigned int *flags, const char *name);

static char *noted;

static void note(size_t place) {
    workout_all_classes();
    if (noted != NULL && place < strlen(noted)) {
        noted[place] = '1';
    }
}

unsigned int la_version(unsigned int version) {
    noted = getenv("TEST_AUDITED");
    if (noted != NULL) {
        memset(noted, '0', strlen(noted));
    }
    note(0);
    return version;
}

unsigned int la_objopen(struct link_map *map, Lmid_t space, uintptr_t *cookie) {
    (void)map;
    (void)space;
    (void)cookie;
    note(1);
    return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}

void la_activity(uintptr_t *cookie, unsigned int flag) {
    (void)cookie;
    (void)flag;
    note(2);
}

char *la_objsearch(const char *name, uintptr_t *cookie, unsigned int flag) {
    (void)cookie;
    (void)flag;
    note(3);
    return (char *)(uintptr_t)name;
}

void la_preinit(uintptr_t *cookie) {
    (void)cookie;
    note(4);
}

unsigned int la_objclose(uintptr_t *cookie) {
    (void)cookie;
    note(5);
    return 0;
}

uintptr_t la_symbind64(Elf64_Sym *symbol, unsigned int index, uintptr_t *from, uintptr_t *to,
                       unsigned int *flags, const char *name) {
    (void)index;
    (void)from;
    (void)to;
    (void)flags;
    (void)name;
    note(6);
    return symbol->st_value;
}

/* SPDX-License-Identifier: MIT */
#include "thread_list.h"

#include "sys.h"
#include "thread.h"
#include <string.h>

enum { PLACES = 1 << 14 };

/* An empty place has the number of the next one, times two, plus one. */
static uintptr_t places[PLACES];
static size_t used;  /* places that were ever filled; the first is never */
static size_t empty; /* the first of those that were emptied; 0: none */

bool cm_thread_list_add(struct cm_thread *thread) {
    size_t place = empty;
    if (place != 0) {
        empty = places[place] / 2;
    } else if (used < PLACES - 1) {
        place = ++used;
    } else {
        return false;
    }
    places[place] = (uintptr_t)thread;
    thread->place = (uint32_t)place;
    return true;
}

void cm_thread_list_remove(struct cm_thread *thread) {
    places[thread->place] = empty * 2 + 1;
    empty = thread->place;
    thread->place = 0;
}

void cm_thread_list_clear(void) {
    memset(places, 0, (used + 1) * sizeof *places);
    used = 0;
    empty = 0;
}

/* A thread's own says where in the table it is. */
CM_RACES_ON_PURPOSE static bool is_there(const struct cm_thread *thread, size_t place) {
    return cm_sys_is_readable(thread, sizeof *thread) &&
           *(const volatile uint32_t *)&thread->place == place;
}

const struct cm_thread *cm_thread_list_next(size_t *place) {
    while (*place < used) {
        const size_t here = ++*place;
        const struct cm_thread *const thread = (const struct cm_thread *)places[here];
        if (places[here] % 2 == 0 && is_there(thread, here)) {
            return thread;
        }
    }
    return NULL;
}

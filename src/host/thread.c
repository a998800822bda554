/* SPDX-License-Identifier: MIT */
#include "thread.h"

#include "fork.h"
#include "hard.h"
#include "hard_cache.h"
#include "out.h"
#include "runs.h"
#include "thread_list.h"
#include <core/assert.h>
#include <link.h>
#include <pthread.h>

__thread struct cm_thread cm_thread_self;
struct cm_lock cm_thread_lock = CM_LOCK_INITIALISER;

static pthread_key_t key;
static bool has_key;

static const uintptr_t SPARE_IS_FULL = 1;

static struct cm_magazine *magazine_of(void **top) {
    return (struct cm_magazine *)((uintptr_t)(top - 1) & ~(uintptr_t)(CM_MAGAZINE_SIZE - 1));
}

static struct cm_magazine *spare_of(const struct cm_magazine *magazine) {
    return (struct cm_magazine *)(magazine->link & ~SPARE_IS_FULL);
}

static bool spare_is_full(const struct cm_magazine *magazine) {
    return (magazine->link & SPARE_IS_FULL) != 0;
}

/* ---- life ---- */

static bool enlist(struct cm_thread *self) {
    cm_lock_acquire(&cm_thread_lock);
    const bool listed = cm_thread_list_add(self);
    cm_lock_release(&cm_thread_lock);
    return listed;
}

static void delist(struct cm_thread *self) {
    cm_lock_acquire(&cm_thread_lock);
    cm_thread_list_remove(self);
    cm_lock_release(&cm_thread_lock);
}

static void flush_class(struct cm_thread *self, unsigned size_class) {
    if (self->top[size_class] == 0) {
        return;
    }
    void **const top = cm_top(self->top[size_class]);
    self->top[size_class] = 0;
    struct cm_magazine *const magazine = magazine_of(top);
    struct cm_magazine *const spare = spare_of(magazine);
    if (spare != NULL) {
        cm_depot_retire(size_class, spare,
                        spare_is_full(magazine) ? cm_magazine_end(spare)
                                                : cm_magazine_bottom(spare, size_class));
    }
    cm_depot_retire(size_class, magazine, top);
}

void cm_thread_flush(void) {
    if (cm_is_inside_fast()) {
        return;
    }
    for (unsigned size_class = 1; size_class <= CM_CLASSES; size_class++) {
        flush_class(&cm_thread_self, size_class);
    }
}

/* Destructors of other keys may still allocate and free: the first call only asks for another. The
 * argument is not to be trusted: the keys of the C libraries in all namespaces share an array. */
static void end_thread(void *thread) {
    struct cm_thread *const self = &cm_thread_self;
    (void)thread;
    if (self->state == CM_THREAD_ACTIVE) {
        self->state = CM_THREAD_ENDING;
        (void)pthread_setspecific(key, self);
    } else if (self->state == CM_THREAD_ENDING) {
        const bool entered = cm_enter();
        self->state = CM_THREAD_ENDED;
        cm_leave_forever();
        cm_thread_flush();
        cm_hard_flush();
        delist(self);
        if (entered) {
            cm_leave();
        }
    }
}

#if defined __GLIBC__ && !defined CM_ARCHIVE
#pragma weak _r_debug
/* Was this copy of the library loaded by dlmopen, or with an audit library? */
static bool is_in_other_namespace(void) {
    if (&_r_debug == NULL) {
        return false;
    }
    const struct link_map *map = _r_debug.r_map;
    while (map != NULL && map->l_ld != _DYNAMIC) {
        map = map->l_next;
    }
    return map == NULL;
}
#else
static bool is_in_other_namespace(void) {
    return false;
}
#endif

/* Threads end by the C library that started them, which calls no destructors of another one's keys:
 * there, threads do without magazines. */
static void prepare_for_threads(void) {
    has_key = !is_in_other_namespace() && pthread_key_create(&key, end_thread) == 0;
    cm_fork_set_up();
}

/* What is called here may allocate, as musl's pthread_atfork does: the thread does without
 * magazines meanwhile, so as not to come here again. */
void cm_thread_set_up(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const enum cm_thread_state state = cm_thread_self.state;
    cm_thread_self.state = CM_THREAD_ENDED;
    (void)pthread_once(&once, prepare_for_threads);
    cm_thread_self.state = state;
}

/* A handler that comes in between may have done it. */
static bool becomes_active(struct cm_thread *self) {
    if (self->state != CM_THREAD_NEW || !cm_enter()) {
        return false;
    }
    bool becomes = false;
    if (self->state == CM_THREAD_NEW) {
        becomes = has_key && enlist(self);
        self->state = becomes ? CM_THREAD_ACTIVE : CM_THREAD_ENDED;
    }
    cm_leave();
    return becomes;
}

bool cm_thread_is_active(void) {
    struct cm_thread *const self = &cm_thread_self;
    if (self->state == CM_THREAD_NEW) {
        cm_thread_set_up();
        if (becomes_active(self)) {
            (void)pthread_setspecific(key, self);
        }
    }
    return self->state != CM_THREAD_ENDED;
}

/* Of magazines, or of what makes them, or that it may use now. */
static bool has_none(const struct cm_thread *self) {
    return cm_hard_on || self->state == CM_THREAD_ENDED || cm_is_inside_fast();
}

void cm_thread_after_fork(void) {
    struct cm_thread *const self = &cm_thread_self;
    cm_thread_list_clear();
    if (self->state == CM_THREAD_ACTIVE || self->state == CM_THREAD_ENDING) {
        (void)cm_thread_list_add(self);
    }
}

/* ---- blocks ---- */

_Noreturn static void refuse_spoiled(const void *block) {
    cm_die("freed block was written to, or freed twice:", "", block);
}

/* The block below the top, or NULL if there is none. */
static void *pop_from(unsigned size_class, void **top) {
    cm_thread_self.top[size_class] = cm_distance(top);
    void *const block = cm_thread_pop(size_class);
    if (cm_unlikely(block == NULL) && top[-1] != cm_no_block()) {
        refuse_spoiled(top[-1]);
    }
    return block;
}

/* For a thread without magazines. */
static void *take_one(unsigned size_class) {
    uintptr_t *const block = (uintptr_t *)cm_depot_take_one(size_class);
    if (block != NULL) {
        if (block[1] != cm_free_mark()) {
            refuse_spoiled(block);
        }
        block[1] = 0;
    }
    return block;
}

static struct cm_magazine *first_magazine(unsigned size_class) {
    struct cm_magazine *const magazine = cm_depot_empty(size_class);
    if (magazine != NULL) {
        magazine->link = 0;
    }
    return magazine;
}

static void *take(struct cm_thread *self, unsigned size_class) {
    if (has_none(self)) {
        return take_one(size_class);
    }
    void **top = cm_top(self->top[size_class]);
    if (top[-1] != cm_no_block()) {
        return pop_from(size_class, top);
    }
    struct cm_magazine *magazine =
        self->top[size_class] != 0 ? magazine_of(top) : first_magazine(size_class);
    if (magazine == NULL) {
        return take_one(size_class);
    }
    if (spare_is_full(magazine)) {
        struct cm_magazine *const spare = spare_of(magazine);
        spare->link = (uintptr_t)magazine;
        return pop_from(size_class, cm_magazine_end(spare));
    }
    const uintptr_t link = magazine->link;
    top = cm_depot_load(size_class, &magazine, link == 0);
    magazine->link = link;
    for (void **at = cm_magazine_bottom(magazine, size_class); at < top; at++) {
        __builtin_prefetch((uintptr_t *)*at + 1, 1);
    }
    return pop_from(size_class, top);
}

void *cm_thread_take(unsigned size_class) {
    struct cm_thread *const self = &cm_thread_self;
    if (cm_is_inside_slow()) {
        return NULL;
    }
    (void)cm_thread_is_active();
    if (!cm_enter()) {
        return NULL;
    }
    void *const block = take(self, size_class);
    cm_leave();
    return block;
}

/* Is the block among those of the magazine below top? */
CM_RACES_ON_PURPOSE static bool holds(void **bottom, void **top, const void *block) {
    while (bottom < top) {
        if (*(void *volatile *)bottom++ == block) {
            return true;
        }
    }
    return false;
}

/* Another thread may be at work on its magazines. A block that is live is in none of them, and the
 * memory of a magazine is never used for anything else. */
CM_RACES_ON_PURPOSE static bool thread_has(const struct cm_thread *thread, unsigned size_class,
                                           const void *block) {
    const uintptr_t distance = *(const volatile uintptr_t *)&thread->top[size_class];
    if (distance == 0) {
        return false;
    }
    void **const top = cm_top(distance);
    struct cm_magazine *const magazine = magazine_of(top);
    struct cm_magazine *const spare = spare_of(magazine);
    return holds(cm_magazine_bottom(magazine, size_class), top, block) ||
           (spare_is_full(magazine) &&
            holds(cm_magazine_bottom(spare, size_class), cm_magazine_end(spare), block));
}

static bool any_thread_has(unsigned size_class, const void *block) {
    bool found = false;
    const struct cm_thread *thread;
    cm_lock_acquire(&cm_thread_lock);
    for (size_t place = 0; !found && (thread = cm_thread_list_next(&place)) != NULL;) {
        found = thread_has(thread, size_class, block);
    }
    cm_lock_release(&cm_thread_lock);
    return found;
}

static bool is_free(unsigned size_class, const void *block) {
    return any_thread_has(size_class, block) || cm_depot_has(size_class, block);
}

bool cm_thread_block_is_free(unsigned size_class, const void *block) {
    if (!cm_enter()) {
        return false;
    }
    const bool found = is_free(size_class, block);
    cm_leave();
    return found;
}

/* A magazine with room, loaded in place of the full one. NULL if there is no memory. */
static struct cm_magazine *make_room(struct cm_thread *self, unsigned size_class) {
    struct cm_magazine *const full = magazine_of(cm_top(self->top[size_class]));
    struct cm_magazine *room = spare_of(full);
    if (room == NULL) {
        room = cm_depot_empty(size_class);
    } else if (spare_is_full(full)) {
        full->link = 0;
        room = cm_depot_store(size_class, room);
    }
    if (room != NULL) {
        room->link = (uintptr_t)full | SPARE_IS_FULL;
    }
    return room;
}

static void give(struct cm_thread *self, unsigned size_class, void *block) {
    uintptr_t *const mark = (uintptr_t *)block + 1;
    if (cm_unlikely(*mark == cm_free_mark()) && is_free(size_class, block)) {
        cm_die("double free", " of", block);
    }
    *mark = 0;
    if (has_none(self)) {
        /* No magazine. */
    } else if (self->top[size_class] == 0) {
        /* What a thread frees before it has allocated is another's, and lies among that one's
         * blocks: it goes back there, so that the two do not come to share cache lines. */
        struct cm_magazine *const first = first_magazine(size_class);
        if (first != NULL) {
            self->top[size_class] = cm_distance(cm_magazine_bottom(first, size_class));
        }
    } else {
        if (self->top[size_class] % CM_MAGAZINE_SIZE == 0) {
            struct cm_magazine *const room = make_room(self, size_class);
            if (room != NULL) {
                self->top[size_class] = cm_distance(cm_magazine_bottom(room, size_class));
            }
        }
        if (cm_thread_push(size_class, block)) {
            return;
        }
    }
    *mark = cm_free_mark();
    cm_depot_give_one(size_class, block);
}

void cm_thread_give(unsigned size_class, void *block) {
    struct cm_thread *const self = &cm_thread_self;
    if (!cm_is_inside_slow()) {
        (void)cm_thread_is_active();
    }
    if (cm_enter()) {
        give(self, size_class, block);
        cm_leave();
    } else {
        cm_set_aside(block);
    }
}

void cm_set_aside(void *block) {
    for (size_t i = 0; i < CM_SET_ASIDE; i++) {
        if (cm_thread_self.aside[i] == NULL) {
            cm_thread_self.aside[i] = block;
            cm_thread_self.any_aside = true;
            return;
        }
    }
}

/* The place is emptied while no handler fills it. */
static void *take_aside(size_t place) {
    void *block = NULL;
    if (cm_enter()) {
        block = cm_thread_self.aside[place];
        cm_thread_self.aside[place] = NULL;
        cm_leave_aside();
    }
    return block;
}

/* False if it is free already. */
static bool free_one_aside(void *block) {
    const struct cm_region *const region = cm_region_of(block);
    if (region == NULL) {
        return cm_hard_free((struct cm_place){NULL, CM_KIND_HARD_ZERO}, block, NULL);
    }
    const uint32_t chunk = (uint32_t)(cm_offset_in(region, block) >> CM_CHUNK_SHIFT);
    const unsigned kind = region->kinds[chunk];
    if (cm_is_hard(kind)) {
        return cm_hard_free((struct cm_place){region, kind}, block, NULL);
    }
    if (kind == CM_KIND_LARGE) {
        return cm_runs_free_large((struct cm_run){region, chunk});
    }
    cm_thread_give(kind, block);
    return true;
}

void cm_free_aside(void) {
    cm_thread_self.any_aside = false;
    for (size_t i = 0; i < CM_SET_ASIDE; i++) {
        void *const block = take_aside(i);
        if (block == NULL) {
            continue;
        }
        if (!free_one_aside(block)) {
            cm_die("double free", " of", block);
        }
    }
}

/* Another thread may be at work; a count that is a moment old is as good as any. */
CM_RACES_ON_PURPOSE static size_t cached_by(const struct cm_thread *thread, unsigned size_class) {
    const uintptr_t distance = *(const volatile uintptr_t *)&thread->top[size_class];
    if (distance == 0) {
        return 0;
    }
    void **const top = cm_top(distance);
    struct cm_magazine *const magazine = magazine_of(top);
    const size_t blocks = (size_t)(top - cm_magazine_bottom(magazine, size_class)) +
                          (spare_is_full(magazine) ? cm_classes[size_class].magazine : 0);
    return blocks * cm_class_size(size_class);
}

size_t cm_thread_count(size_t *cached) {
    size_t count = 0;
    const struct cm_thread *thread;
    *cached = 0;
    cm_lock_acquire(&cm_thread_lock);
    for (size_t place = 0; (thread = cm_thread_list_next(&place)) != NULL;) {
        count++;
        for (unsigned size_class = 1; size_class <= CM_CLASSES; size_class++) {
            *cached += cached_by(thread, size_class);
        }
        *cached += cm_hard_cached(thread->hard);
    }
    cm_lock_release(&cm_thread_lock);
    return count;
}

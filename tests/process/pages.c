/* SPDX-License-Identifier: MIT */
/*
 * A library to preload that makes the system look as if its pages were of TEST_PAGE_SIZE bytes, to
 * whoever asks through getauxval and syscall, as chunkmalloc does: mappings are aligned to them,
 * and a call that names a part of one stops the program. Standing before the C library, it sees
 * nothing of what that does itself. At its end it says how many calls it has seen. Where
 * TEST_OLD_SYSTEM is set, the system knows no markers of pages, as before Linux 6.13.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "../support.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static atomic_size_t seen;

/* Called before any constructor. */
static size_t page_size(void) {
    static size_t size;
    if (size == 0) {
        const char *const text = getenv("TEST_PAGE_SIZE");
        size = text != NULL ? strtoul(text, NULL, 10) : 4096;
    }
    return size;
}

/* Looked up once: the loader's lock may be held where the child of a fork goes on. */
static void find_next(const char *name, void *function) {
    void *const symbol = dlsym(RTLD_NEXT, name);
    CHECK(symbol != NULL);
    memcpy(function, &symbol, sizeof symbol);
}

unsigned long getauxval(unsigned long type) {
    static unsigned long (*next)(unsigned long);
    if (next == NULL) {
        find_next("getauxval", &next);
    }
    return type == AT_PAGESZ ? page_size() : next(type);
}

static size_t whole_pages(size_t size) {
    return (size + page_size() - 1) & ~(page_size() - 1);
}

/* As the system gives a mapping: at the start of a page. */
static long map_pages(long (*next)(long, ...), const long *arguments) {
    const size_t size = whole_pages((size_t)arguments[1]);
    const long start = next(SYS_mmap, 0L, size + page_size(), arguments[2], arguments[3],
                            arguments[4], arguments[5]);
    if (start == -1 || (arguments[3] & MAP_FIXED) != 0) {
        return start;
    }
    const size_t before = -(size_t)start & (page_size() - 1);
    const size_t first = (size_t)start + before;
    (void)munmap((void *)start, before);
    (void)munmap((void *)(first + size), page_size() - before);
    return (long)first;
}

static bool is_too_new(long number, long advice) {
    enum { GUARD_INSTALL = 102, GUARD_REMOVE };
    return number == SYS_madvise && (advice == GUARD_INSTALL || advice == GUARD_REMOVE) &&
           getenv("TEST_OLD_SYSTEM") != NULL;
}

long syscall(long number, ...) {
    static long (*next)(long, ...);
    if (next == NULL) {
        find_next("syscall", &next);
    }
    va_list list;
    long arguments[6];
    va_start(list, number);
    for (size_t i = 0; i < 6; i++) {
        arguments[i] = va_arg(list, long);
    }
    va_end(list);
    if (is_too_new(number, arguments[2])) {
        errno = EINVAL;
        return -1;
    }
    if (number == SYS_munmap) {
        arguments[1] = (long)whole_pages((size_t)arguments[1]);
    }
    if (number == SYS_mprotect || number == SYS_madvise || number == SYS_munmap) {
        CHECK((size_t)arguments[0] % page_size() == 0 && (size_t)arguments[1] % page_size() == 0);
        atomic_fetch_add(&seen, 1);
    }
    if (number == SYS_mmap) {
        return map_pages(next, arguments);
    }
    return next(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                arguments[5]);
}

__attribute__((destructor)) static void say(void) {
    fprintf(stderr, "pages of %zu bytes: %zu calls\n", page_size(), atomic_load(&seen));
}

/* SPDX-License-Identifier: MIT */
/*
 * A preload library that writes every allocation of a program to the file named by TRACE_FILE, up
 * to TRACE_EVENTS events, and lets glibc do the work. Only the first process of a tree records. One
 * lock is held over call and record, so that the order in the file is an order that really
 * happened.
 */
#define _GNU_SOURCE
#include "record.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define BUFFERED 16384

static struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void *(*memalign)(size_t, size_t);
    void (*free)(void *);
} next;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct raw_event buffer[BUFFERED];
static size_t buffered;
static uint64_t remaining;
static int trace = -1;

/* dlsym may allocate before it has found anything to allocate with. */
static _Alignas(16) char early[4096];
static size_t early_used;
static bool resolving;

static bool is_early(const void *block) {
    return (const char *)block >= early && (const char *)block < early + sizeof early;
}

static void *early_alloc(size_t size) {
    const size_t rounded = (size + 15) & ~(size_t)15;
    if (rounded > sizeof early - early_used)
        abort();
    void *block = early + early_used;
    early_used += rounded;
    return block;
}

static void find(void *function, const char *name) {
    void *symbol = dlsym(RTLD_NEXT, name);
    memcpy(function, &symbol, sizeof symbol);
}

static bool resolve(void) {
    if (next.free)
        return true;
    if (resolving)
        return false;
    resolving = true;
    find(&next.malloc, "malloc");
    find(&next.calloc, "calloc");
    find(&next.realloc, "realloc");
    find(&next.memalign, "memalign");
    find(&next.free, "free");
    resolving = false;
    return true;
}

static void flush(void) {
    const char *bytes = (const char *)buffer;
    size_t left = buffered * sizeof *buffer;
    while (left > 0) {
        const ssize_t written = write(trace, bytes, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            abort();
        bytes += written;
        left -= (size_t)written;
    }
    buffered = 0;
}

static void log_event(enum event_kind kind, const void *block, const void *old, size_t size,
                      size_t alignment) {
    if (trace < 0 || remaining == 0)
        return;
    remaining--;
    buffer[buffered++] = (struct raw_event){(uintptr_t)block, (uintptr_t)old, size,
                                            (uint32_t)alignment, (uint32_t)kind};
    if (buffered == BUFFERED || remaining == 0) {
        const int saved = errno;
        flush();
        errno = saved;
    }
}

static void forget_in_child(void) {
    pthread_mutex_init(&lock, NULL);
    trace = -1;
}

static void take(void) {
    pthread_mutex_lock(&lock);
}

static void release(void) {
    pthread_mutex_unlock(&lock);
}

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("TRACE_FILE");
    const char *limit = getenv("TRACE_EVENTS");
    resolve();
    pthread_atfork(take, release, forget_in_child);
    take();
    remaining = limit ? strtoull(limit, NULL, 10) : UINT64_MAX;
    trace = path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;
    release();
}

__attribute__((destructor)) static void stop(void) {
    take();
    if (trace >= 0)
        flush();
    remaining = 0;
    release();
}

EXPORT void *malloc(size_t size) {
    if (!resolve())
        return early_alloc(size);
    take();
    void *block = next.malloc(size);
    if (block)
        log_event(EVENT_MALLOC, block, NULL, size, 0);
    release();
    return block;
}

EXPORT void *calloc(size_t count, size_t size) {
    if (!resolve())
        return early_alloc(count * size);
    take();
    void *block = next.calloc(count, size);
    if (block)
        log_event(EVENT_CALLOC, block, NULL, count * size, 0);
    release();
    return block;
}

EXPORT void *realloc(void *old, size_t size) {
    if (!old || is_early(old)) {
        void *block = malloc(size);
        if (old && block)
            memcpy(block, old, size < 64 ? size : 64);
        return block;
    }
    take();
    void *block = next.realloc(old, size);
    if (block)
        log_event(EVENT_REALLOC, block, old, size, 0);
    else if (size == 0)
        log_event(EVENT_FREE, old, NULL, 0, 0);
    release();
    return block;
}

EXPORT void *memalign(size_t alignment, size_t size) {
    resolve();
    take();
    void *block = next.memalign(alignment, size);
    if (block)
        log_event(EVENT_ALIGNED, block, NULL, size, alignment);
    release();
    return block;
}

EXPORT void *aligned_alloc(size_t alignment, size_t size) {
    return memalign(alignment, size);
}

EXPORT int posix_memalign(void **result, size_t alignment, size_t size) {
    void *block = memalign(alignment, size);
    if (!block)
        return ENOMEM;
    *result = block;
    return 0;
}

EXPORT void free(void *block) {
    if (!block || is_early(block) || !resolve())
        return;
    take();
    log_event(EVENT_FREE, block, NULL, 0, 0);
    next.free(block);
    release();
}

/* SPDX-License-Identifier: MIT */
/*
 * A second preloaded library, of the kind that disturbs: it stands before the C library for
 * functions that an allocator may call, asks dlsym for the next definition at each call, and
 * allocates on the way. It allocates in its constructor and in its destructor too, which run
 * before or after those of the allocator, as the order of the preloads has it; and it registers
 * fork handlers that allocate.
 */
#undef _FILE_OFFSET_BITS /* it gives mmap and open the names of mmap64 and open64 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

unsigned long neighbour_calls(void);

static atomic_ulong calls;

static void allocate(void) {
    unsigned char *blocks[16];
    for (size_t i = 0; i < 16; i++) {
        const size_t size = (size_t)1 << i;
        blocks[i] = i % 2 == 0 ? calloc(1, size) : malloc(size);
        if (blocks[i] == NULL || (i % 2 == 0 && blocks[i][size - 1] != 0)) {
            abort();
        }
        memset(blocks[i], 1, size);
    }
    for (size_t i = 0; i < 16; i++) {
        free(blocks[i]);
    }
}

/* The next definition of a function, in the caller's variable for it. */
static void find_next(const char *name, void *function) {
    atomic_fetch_add(&calls, 1);
    allocate();
    void *const symbol = dlsym(RTLD_NEXT, name);
    if (symbol == NULL) {
        abort();
    }
    memcpy(function, &symbol, sizeof symbol);
}

unsigned long neighbour_calls(void) {
    return atomic_load(&calls);
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
    void *(*next)(void *, size_t, int, int, int, off_t);
    find_next("mmap", &next);
    return next(address, length, protection, flags, fd, offset);
}

void *mmap64(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
    return mmap(address, length, protection, flags, fd, offset);
}

int munmap(void *address, size_t length) {
    int (*next)(void *, size_t);
    find_next("munmap", &next);
    return next(address, length);
}

int mprotect(void *address, size_t length, int protection) {
    int (*next)(void *, size_t, int);
    find_next("mprotect", &next);
    return next(address, length, protection);
}

int madvise(void *address, size_t length, int advice) {
    int (*next)(void *, size_t, int);
    find_next("madvise", &next);
    return next(address, length, advice);
}

static int open_next(const char *path, int flags, va_list arguments) {
    int (*next)(const char *, int, ...);
    find_next("open", &next);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    return next(path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const int fd = open_next(path, flags, arguments);
    va_end(arguments);
    return fd;
}

int open64(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const int fd = open_next(path, flags, arguments);
    va_end(arguments);
    return fd;
}

int close(int fd) {
    int (*next)(int);
    find_next("close", &next);
    return next(fd);
}

ssize_t read(int fd, void *buffer, size_t length) {
    ssize_t (*next)(int, void *, size_t);
    find_next("read", &next);
    return next(fd, buffer, length);
}

char *getenv(const char *name) {
    char *(*next)(const char *);
    find_next("getenv", &next);
    return next(name);
}

long sysconf(int name) {
    long (*next)(int);
    find_next("sysconf", &next);
    return next(name);
}

static void *from_constructor;

__attribute__((constructor)) static void construct(void) {
    allocate();
    from_constructor = malloc(3000);
    (void)pthread_atfork(allocate, allocate, allocate);
}

/* The program ends with failure; that this runs, and comes to its end, makes it success. */
__attribute__((destructor)) static void destroy(void) {
    free(from_constructor);
    allocate();
    _exit(EXIT_SUCCESS);
}

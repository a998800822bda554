/* SPDX-License-Identifier: MIT */
/*
 * Functions of the C library that resize a block which the program hands to them. They are wrapped
 * too, because in a dynamic program the C library's own realloc does the work, which does not know
 * our blocks. A member of the archive by itself, made of what the others offer to everybody, so
 * that only programs that use these functions need the C library's.
 */
#include "entry.h"

#include "real.h"
#include <chunkmalloc/chunkmalloc.h>
#include <errno.h>
#include <string.h>

ssize_t __real_getdelim(char **line, size_t *size, int delimiter, FILE *stream);

CM_EXPORT void *CM_ENTRY(reallocarray)(void *block, size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return CM_ENTRY(realloc)(block, total);
}

/* Moves a block of ours to the C library's allocator. False if that has no memory. */
static bool hand_over(char **block) {
    if (!cm_has_real() || !chunkmalloc_owns(*block)) {
        return true;
    }
    const size_t size = CM_ENTRY(malloc_usable_size)(*block);
    char *const moved = (char *)__real_malloc(size);
    if (moved == NULL) {
        return false;
    }
    memcpy(moved, *block, size);
    CM_ENTRY(free)(*block);
    *block = moved;
    return true;
}

CM_EXPORT ssize_t CM_ENTRY(getdelim)(char **line, size_t *size, int delimiter, FILE *stream) {
    if (line != NULL && !hand_over(line)) {
        return -1;
    }
    return __real_getdelim(line, size, delimiter, stream);
}

CM_EXPORT ssize_t CM_ENTRY(getline)(char **line, size_t *size, FILE *stream) {
    return CM_ENTRY(getdelim)(line, size, '\n', stream);
}

/* What glibc's headers make of getline. */
CM_EXPORT ssize_t CM_ENTRY(__getdelim)(char **line, size_t *size, int delimiter, FILE *stream) {
    return CM_ENTRY(getdelim)(line, size, delimiter, stream);
}

/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_OUT_H
#define CHUNKMALLOC_HOST_OUT_H

/* Text to a descriptor, without stdio, memory or locks. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cm_out {
    int fd;
    bool failed;
    size_t used;
    char bytes[480];
};

static inline struct cm_out cm_out_to(int fd) {
    struct cm_out out;
    out.fd = fd;
    out.failed = false;
    out.used = 0;
    return out;
}

void cm_out_text(struct cm_out *out, const char *text);
void cm_out_bytes(struct cm_out *out, const char *bytes, size_t size);
void cm_out_number(struct cm_out *out, uint64_t number);
void cm_out_pointer(struct cm_out *out, const void *pointer);

/* Writes what is buffered. False, with errno of the first failure, if anything was not written. */
bool cm_out_flush(struct cm_out *out);

/* One line on standard error, "chunkmalloc: <what><which> <pointer>", then abort. */
_Noreturn void cm_die(const char *what, const char *which, const void *pointer);

/* The same with what is known of the block, in parentheses: size, the bytes of its slot or run,
 * unless 0, and where it was allocated and freed. */
_Noreturn void cm_die_with(const char *what, const char *which, const void *pointer, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
#include "out.h"

#include "sites.h"
#include "sys.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool cm_out_flush(struct cm_out *out) {
    size_t done = 0;
    while (done < out->used && !out->failed) {
        const ssize_t written = cm_sys_write(out->fd, out->bytes + done, out->used - done);
        if (written > 0) {
            done += (size_t)written;
        } else if (written == 0 || errno != EINTR) {
            out->failed = true;
        }
    }
    out->used = 0;
    return !out->failed;
}

void cm_out_bytes(struct cm_out *out, const char *bytes, size_t size) {
    while (size > 0) {
        if (out->used == sizeof out->bytes) {
            (void)cm_out_flush(out);
        }
        const size_t room = sizeof out->bytes - out->used;
        const size_t part = size < room ? size : room;
        memcpy(out->bytes + out->used, bytes, part);
        out->used += part;
        bytes += part;
        size -= part;
    }
}

void cm_out_text(struct cm_out *out, const char *text) {
    cm_out_bytes(out, text, strlen(text));
}

static void out_in_base(struct cm_out *out, uint64_t number, unsigned base) {
    char digits[20];
    size_t first = sizeof digits;
    do {
        digits[--first] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number > 0);
    cm_out_bytes(out, digits + first, sizeof digits - first);
}

void cm_out_number(struct cm_out *out, uint64_t number) {
    out_in_base(out, number, 10);
}

void cm_out_pointer(struct cm_out *out, const void *pointer) {
    cm_out_text(out, "0x");
    out_in_base(out, (uintptr_t)pointer, 16);
}

static struct cm_out begin_line(const char *what, const char *which, const void *pointer) {
    struct cm_out out = cm_out_to(STDERR_FILENO);
    cm_out_text(&out, "chunkmalloc: ");
    cm_out_text(&out, what);
    cm_out_text(&out, which);
    cm_out_text(&out, " ");
    cm_out_pointer(&out, pointer);
    return out;
}

_Noreturn static void end_line(struct cm_out *out) {
    cm_out_text(out, "\n");
    (void)cm_out_flush(out);
    abort();
}

void cm_die(const char *what, const char *which, const void *pointer) {
    struct cm_out out = begin_line(what, which, pointer);
    end_line(&out);
}

/* In parentheses, if there is anything in it. */
struct list {
    bool begun;
};

static void next_of(struct cm_out *out, struct list *list) {
    cm_out_text(out, list->begun ? ", " : " (");
    list->begun = true;
}

/* As debuggers name it: the file's name and the distance from where it is loaded. */
static void out_site(struct cm_out *out, struct list *list, const char *text, const void *site) {
    Dl_info info;
    if (site == NULL || dladdr(site, &info) == 0 || info.dli_fname == NULL) {
        return;
    }
    const char *const slash = strrchr(info.dli_fname, '/');
    next_of(out, list);
    cm_out_text(out, text);
    cm_out_text(out, slash != NULL ? slash + 1 : info.dli_fname);
    cm_out_text(out, "+");
    cm_out_pointer(out, (const void *)((uintptr_t)site - (uintptr_t)info.dli_fbase));
}

void cm_die_with(const char *what, const char *which, const void *pointer, size_t size) {
    struct cm_out out = begin_line(what, which, pointer);
    const struct cm_sites sites = cm_sites_of(pointer);
    struct list list = {.begun = false};
    if (size != 0) {
        next_of(&out, &list);
        cm_out_number(&out, size);
        cm_out_text(&out, " bytes");
    }
    out_site(&out, &list, "allocated at ", sites.allocated);
    out_site(&out, &list, "freed at ", sites.freed);
    cm_out_text(&out, list.begun ? ")" : "");
    end_line(&out);
}

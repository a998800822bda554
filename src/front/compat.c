/* SPDX-License-Identifier: MIT */
/* glibc's functions for looking at its heap and tuning it, answered for this one. */
#include <malloc.h>

#include "entry.h"
#include "next.h"
#include "others.h"
#include <errno.h>
#include <host/config.h>
#include <host/footprint.h>
#include <host/reclaim.h>
#include <host/stats.h>
#include <limits.h>
#include <unistd.h>

static cm_function next_if_aside(const char *name) {
    return cm_stands_aside() ? cm_next(name) : NULL;
}

/* What glibc's fields mean here: hblkhd is what large blocks take, which, as in glibc, the others
 * do not count; arena all other memory that may be resident, uordblks what of it the program holds,
 * fordblks the rest, keepcost what malloc_trim could give back. */
CM_EXPORT struct mallinfo2 CM_ENTRY(mallinfo2)(void) {
    struct mallinfo2 (*const next)(void) = (struct mallinfo2(*)(void))next_if_aside("mallinfo2");
    if (next != NULL) {
        return next();
    }
    struct chunkmalloc_stats stats;
    cm_stats_collect(&stats);
    const size_t arena = stats.in_slabs + stats.internal + stats.free_dirty;
    const size_t used = stats.small_live;
    return (struct mallinfo2){
        .arena = arena,
        .ordblks = stats.slabs,
        .hblks = stats.large_blocks,
        .hblkhd = stats.in_large,
        .fsmblks = stats.small_cached,
        .uordblks = used,
        .fordblks = arena > used ? arena - used : 0,
        .keepcost = stats.free_dirty,
    };
}

static int saturated(size_t value) {
    return value < INT_MAX ? (int)value : INT_MAX;
}

CM_EXPORT struct mallinfo CM_ENTRY(mallinfo)(void) {
    const struct mallinfo2 info = CM_ENTRY(mallinfo2)();
    return (struct mallinfo){
        .arena = saturated(info.arena),
        .ordblks = saturated(info.ordblks),
        .hblks = saturated(info.hblks),
        .hblkhd = saturated(info.hblkhd),
        .fsmblks = saturated(info.fsmblks),
        .uordblks = saturated(info.uordblks),
        .fordblks = saturated(info.fordblks),
        .keepcost = saturated(info.keepcost),
    };
}

CM_EXPORT int CM_ENTRY(malloc_info)(int options, FILE *stream) {
    struct chunkmalloc_stats s;
    int (*const next)(int, FILE *) = (int (*)(int, FILE *))next_if_aside("malloc_info");
    if (next != NULL) {
        return next(options, stream);
    }
    if (options != 0) {
        return EINVAL;
    }
    cm_stats_collect(&s);
    const int written =
        fprintf(stream,
                "<malloc version=\"chunkmalloc-1\">\n"
                "<system type=\"current\" size=\"%zu\"/>\n<system type=\"max\" size=\"%zu\"/>\n"
                "<total type=\"slabs\" count=\"%zu\" size=\"%zu\"/>\n"
                "<total type=\"large\" count=\"%zu\" size=\"%zu\"/>\n"
                "<total type=\"small\" live=\"%zu\" cached=\"%zu\" free=\"%zu\"/>\n"
                "<total type=\"rest\" dirty=\"%zu\" clean=\"%zu\"/>\n"
                "</malloc>\n",
                s.in_slabs + s.in_large + s.internal + s.free_dirty, s.peak, s.slabs, s.in_slabs,
                s.large_blocks, s.in_large, s.small_live, s.small_cached, s.small_free,
                s.free_dirty, s.free_clean);
    return written < 0 ? -1 : 0;
}

CM_EXPORT void CM_ENTRY(malloc_stats)(void) {
    const cm_function next = next_if_aside("malloc_stats");
    if (next != NULL) {
        next();
        return;
    }
    const int saved = errno;
    (void)cm_stats_write(STDERR_FILENO, false);
    errno = saved;
}

/* pad, the free memory to keep for later, applies to free runs. */
CM_EXPORT int CM_ENTRY(malloc_trim)(size_t pad) {
    int (*const next)(size_t) = (int (*)(size_t))next_if_aside("malloc_trim");
    if (next != NULL) {
        return next(pad);
    }
    return cm_reclaim(pad >> CM_CHUNK_SHIFT) > 0;
}

/* What glibc knows is accepted. Of that, only the trim threshold has a meaning here: how much free
 * memory may stay resident. */
CM_EXPORT int CM_ENTRY(mallopt)(int parameter, int value) {
    int (*const next)(int, int) = (int (*)(int, int))next_if_aside("mallopt");
    if (next != NULL) {
        return next(parameter, value);
    }
    switch (parameter) {
    case M_TRIM_THRESHOLD:
        cm_footprint_keep(value >= 0 ? (size_t)value >> CM_CHUNK_SHIFT : UINT64_MAX);
        return 1;
    case M_MXFAST:
    case M_TOP_PAD:
    case M_MMAP_THRESHOLD:
    case M_MMAP_MAX:
    case M_CHECK_ACTION:
    case M_PERTURB:
    case M_ARENA_TEST:
    case M_ARENA_MAX:
        return 1;
    default:
        return 0;
    }
}

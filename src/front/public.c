/* SPDX-License-Identifier: MIT */
/* The library's own functions, and what it does when it is loaded and when the program ends. */
#include <chunkmalloc/chunkmalloc.h>

#include "entry.h"
#include "others.h"
#include <host/hard.h>
#include <host/options.h>
#include <host/out.h>
#include <host/reclaim.h>
#include <host/region.h>
#include <host/stats.h>
#include <host/sys.h>
#include <host/thread.h>
#include <string.h>
#include <unistd.h>

CM_EXPORT const char *chunkmalloc_version(void) {
    return CHUNKMALLOC_VERSION;
}

CM_EXPORT bool chunkmalloc_owns(const void *address) {
    return cm_region_of(address) != NULL || cm_hard_is_zero(address);
}

CM_EXPORT size_t chunkmalloc_get_stats(struct chunkmalloc_stats *stats, size_t size) {
    struct chunkmalloc_stats all;
    cm_stats_collect(&all);
    const size_t part = size < sizeof all ? size : sizeof all;
    memcpy(stats, &all, part);
    return part;
}

CM_EXPORT int chunkmalloc_report(int fd, bool json) {
    return cm_stats_write(fd, json) ? 0 : -1;
}

CM_EXPORT const char *chunkmalloc_check(void) {
    return cm_check();
}

CM_EXPORT size_t chunkmalloc_purge(void) {
    return cm_reclaim(0);
}

/* Programs close standard error before they end. */
static int report_fd = -1;

static void complain(const char *text) {
    struct cm_out out = cm_out_to(STDERR_FILENO);
    cm_out_text(&out, "chunkmalloc: ");
    cm_out_text(&out, text);
    cm_out_text(&out, "\n");
    (void)cm_out_flush(&out);
}

/* Everything works before this has run, with the default options. */
__attribute__((constructor(101))) static void set_up(void) {
    cm_options_read(environ);
    if (cm_options.stats_at_exit) {
        report_fd = cm_sys_duplicate(STDERR_FILENO);
    }
    cm_region_set_up();
    cm_thread_set_up();
    if (cm_options.harden && !cm_stands_aside() && !cm_hard_start()) {
        complain("no memory for the hardened mode; it is off");
    }
}

__attribute__((destructor)) static void at_end(void) {
    if (report_fd >= 0) {
        (void)cm_stats_write(report_fd, false);
    }
}

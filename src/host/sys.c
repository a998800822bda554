/* SPDX-License-Identifier: MIT */
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include <core/arith.h>

static long quiet_syscall(long number, uintptr_t start, size_t size, long argument) {
    const int saved = errno;
    const long result = syscall(number, start, size, argument);
    errno = saved;
    return result;
}

size_t cm_sys_page_size(void) {
    static size_t page_size;
    size_t size = __atomic_load_n(&page_size, __ATOMIC_RELAXED);
    if (size == 0) {
        const int saved = errno;
        size = (size_t)getauxval(AT_PAGESZ);
        errno = saved;
        if (!arith_is_power_of_two(size)) {
            size = CM_CHUNK_SIZE;
        }
        __atomic_store_n(&page_size, size, __ATOMIC_RELAXED);
    }
    return size;
}

size_t cm_sys_memory(void) {
    static size_t memory;
    size_t size = __atomic_load_n(&memory, __ATOMIC_RELAXED);
    struct sysinfo info;
    if (size == 0 && quiet_syscall(SYS_sysinfo, (uintptr_t)&info, 0, 0) == 0) {
        size = (size_t)info.totalram * info.mem_unit;
        __atomic_store_n(&memory, size, __ATOMIC_RELAXED);
    }
    return size;
}

static uint64_t microseconds_of(clockid_t clock) {
    struct timespec time = {0, 0};
    (void)quiet_syscall(SYS_clock_gettime, (size_t)clock, (size_t)&time, 0);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

uint64_t cm_sys_microseconds(void) {
    return microseconds_of(CLOCK_MONOTONIC);
}

uint64_t cm_sys_microseconds_of_work(void) {
    return microseconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

bool cm_sys_is_privileged(void) {
    const int saved = errno;
    const bool privileged = getauxval(AT_SECURE) != 0;
    errno = saved;
    return privileged;
}

void *cm_sys_reserve(size_t size) {
    const int saved = errno;
    const long start = syscall(SYS_mmap, NULL, size, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0L);
    errno = saved;
    return start != -1 ? (void *)start : NULL;
}

void cm_sys_unreserve(void *start, size_t size) {
    (void)quiet_syscall(SYS_munmap, (uintptr_t)start, size, 0);
}

bool cm_sys_unlock(void *start, size_t size) {
    const size_t page = cm_sys_page_size();
    const uintptr_t first = (uintptr_t)start & ~(page - 1);
    const uintptr_t end = (uintptr_t)arith_round_up((uintptr_t)start + size, page);
    if (quiet_syscall(SYS_mprotect, first, end - first, PROT_READ | PROT_WRITE) != 0) {
        return false;
    }
    (void)quiet_syscall(SYS_madvise, first, end - first, MADV_DODUMP);
    return true;
}

static bool protect_within(void *start, size_t size, int protection) {
    const size_t page = cm_sys_page_size();
    const uintptr_t first = (uintptr_t)arith_round_up((uintptr_t)start, page);
    const uintptr_t end = ((uintptr_t)start + size) & ~(page - 1);
    return end <= first || quiet_syscall(SYS_mprotect, first, end - first, protection) == 0;
}

bool cm_sys_lock(void *start, size_t size) {
    return protect_within(start, size, PROT_READ);
}

bool cm_sys_forbid(void *start, size_t size) {
    return protect_within(start, size, PROT_NONE);
}

bool cm_sys_permit(void *start, size_t size) {
    return protect_within(start, size, PROT_READ | PROT_WRITE);
}

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif

bool cm_sys_mark(void *start, size_t size) {
    return quiet_syscall(SYS_madvise, (uintptr_t)start, size, MADV_GUARD_INSTALL) == 0;
}

bool cm_sys_unmark(void *start, size_t size) {
    return quiet_syscall(SYS_madvise, (uintptr_t)start, size, MADV_GUARD_REMOVE) == 0;
}

bool cm_sys_has_markers(void *page) {
    enum { NO_ADVICE = INT16_MAX };
    const size_t size = cm_sys_page_size();
    return quiet_syscall(SYS_madvise, (uintptr_t)page, size, NO_ADVICE) != 0 &&
           cm_sys_mark(page, size) && cm_sys_unmark(page, size);
}

bool cm_sys_data_is_limited(void) {
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    const int saved = errno;
    (void)syscall(SYS_prlimit64, 0, RLIMIT_DATA, NULL, &limit);
    errno = saved;
    return limit.rlim_cur != RLIM_INFINITY;
}

void cm_sys_random(void *bytes, size_t size) {
    if (quiet_syscall(SYS_getrandom, (uintptr_t)bytes, size, 0) == (long)size) {
        return;
    }
    /* What the system gave the program at its start, and where it was loaded. */
    const int saved = errno;
    const unsigned char *const given = (const unsigned char *)getauxval(AT_RANDOM);
    errno = saved;
    for (size_t i = 0; i < size; i++) {
        const uintptr_t place = (uintptr_t)bytes >> (12 + i % 4 * 8);
        ((unsigned char *)bytes)[i] = (unsigned char)(place ^ (given != NULL ? given[i % 16] : 0));
    }
}

void cm_sys_omit_from_dumps(void *start, size_t size) {
    const size_t page = cm_sys_page_size();
    const uintptr_t first = (uintptr_t)arith_round_up((uintptr_t)start, page);
    const uintptr_t end = ((uintptr_t)start + size) & ~(page - 1);
    if (end > first) {
        (void)quiet_syscall(SYS_madvise, first, end - first, MADV_DONTDUMP);
    }
}

void cm_sys_ask_for_huge_pages(void *start, size_t size) {
    const size_t page = cm_sys_page_size();
    const uintptr_t first = (uintptr_t)start & ~(page - 1);
    const uintptr_t end = (uintptr_t)arith_round_up((uintptr_t)start + size, page);
    (void)quiet_syscall(SYS_madvise, first, end - first, MADV_HUGEPAGE);
}

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

void cm_sys_populate(void *start, size_t size) {
    static bool refused; /* before Linux 5.14 */
    const size_t page = cm_sys_page_size();
    const uintptr_t first = (uintptr_t)start & ~(page - 1);
    const uintptr_t end = (uintptr_t)arith_round_up((uintptr_t)start + size, page);
    if (!__atomic_load_n(&refused, __ATOMIC_RELAXED) &&
        quiet_syscall(SYS_madvise, first, end - first, MADV_POPULATE_WRITE) != 0) {
        __atomic_store_n(&refused, true, __ATOMIC_RELAXED);
    }
}

bool cm_sys_purge(void *start, size_t size) {
    return quiet_syscall(SYS_madvise, (uintptr_t)start, size, MADV_DONTNEED) == 0;
}

/* The system reads the set of signals before it sees that there is no such way to change the mask.
 * Filters of system calls allow this one, and no system is too old for it. */
static bool can_read_word(uintptr_t address) {
    enum { NO_WAY = -1 };
    const int saved = errno;
    const long status = syscall(SYS_rt_sigprocmask, (long)NO_WAY, address, NULL, sizeof(uint64_t));
    const bool readable = status == 0 || errno != EFAULT;
    errno = saved;
    return readable;
}

bool cm_sys_is_readable(const void *start, size_t size) {
    const uintptr_t first = (uintptr_t)start;
    const uintptr_t last = first + size - sizeof(uint64_t);
    for (uintptr_t at = first; at < last; at += cm_sys_page_size()) {
        if (!can_read_word(at)) {
            return false;
        }
    }
    return can_read_word(last);
}

int cm_sys_duplicate(int fd) {
    enum { OUT_OF_THE_WAY = 512 };
    const int saved = errno;
    int copy = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
    if (copy < 0) {
        copy = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3);
    }
    errno = saved;
    return copy;
}

ssize_t cm_sys_write(int fd, const void *bytes, size_t size) {
    return syscall(SYS_write, fd, bytes, size);
}

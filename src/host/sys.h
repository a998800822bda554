/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_SYS_H
#define CHUNKMALLOC_HOST_SYS_H

/*
 * All that the allocator asks of the operating system. None of these allocates, locks, or goes
 * through a function of the C library that other libraries are known to replace (syscall(2) is
 * called instead of mmap and its like). All keep errno, except cm_sys_write.
 */

#include "config.h"
#include <stdbool.h>
#include <sys/types.h>

/* Bytes; read once from the auxiliary vector. */
size_t cm_sys_page_size(void);

/* Bytes of physical memory, or 0; asked for once, early, since a program may come to run under a
 * filter of system calls that kills whoever asks. */
size_t cm_sys_memory(void);

/* Time since some moment in the past, and the processor time of this process. */
uint64_t cm_sys_microseconds(void);
uint64_t cm_sys_microseconds_of_work(void);

/* The program runs with more rights than its caller: the environment is not to be trusted. */
bool cm_sys_is_privileged(void);

/* Address space without memory, inaccessible, or NULL. Unlocked, it is all zero. */
void *cm_sys_reserve(size_t size);
void cm_sys_unreserve(void *start, size_t size);

/* Makes [start, start + size), widened to whole pages, readable and writable. */
bool cm_sys_unlock(void *start, size_t size);

/* Makes [start, start + size), narrowed to whole pages, read-only, if the system lets it. */
bool cm_sys_lock(void *start, size_t size);

/* The same, inaccessible, and readable and writable again. */
bool cm_sys_forbid(void *start, size_t size);
bool cm_sys_permit(void *start, size_t size);

/* Makes [start, start + size), whole pages, inaccessible by markers in the page tables (Linux
 * 6.13), and takes them away. The contents are lost, and zero then. A mapping is not split, and
 * nothing that has a limit is used or given up, but locked memory is refused. */
bool cm_sys_mark(void *start, size_t size);
bool cm_sys_unmark(void *start, size_t size);

/* Does the system know these markers? False where it says yes to anything, as emulators do. */
bool cm_sys_has_markers(void *page);

/* Is there a limit on data, RLIMIT_DATA? */
bool cm_sys_data_is_limited(void);

/* Fills the bytes with what nobody can guess; less so if the system refuses. */
void cm_sys_random(void *bytes, size_t size);

/* Keeps [start, start + size), narrowed to whole pages, out of core dumps. */
void cm_sys_omit_from_dumps(void *start, size_t size);

/* Lets the system use huge pages for [start, start + size), widened to whole pages. */
void cm_sys_ask_for_huge_pages(void *start, size_t size);

/* Makes [start, start + size), widened to whole pages, resident at about half of what touching each
 * page would cost. Changes no contents; may do nothing. */
void cm_sys_populate(void *start, size_t size);

/* May all of [start, start + size), at least 8 bytes, be read, as far as a look can tell? */
bool cm_sys_is_readable(const void *start, size_t size);

/* Gives the memory of [start, start + size), whole pages, back. The contents are lost. */
bool cm_sys_purge(void *start, size_t size);

/* A second descriptor for the same file, closed on exec and out of the way of the program's own; -1
 * if there is none. */
int cm_sys_duplicate(int fd);

ssize_t cm_sys_write(int fd, const void *bytes, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_FRONT_NAMES_H
#define CHUNKMALLOC_FRONT_NAMES_H

/* The same sources make malloc, in the shared library and in the archive that replaces the C
 * library's, and __wrap_malloc, in the one that stands beside it. */
#ifdef CM_WRAP
#define CM_ENTRY(name) __wrap_##name
#define CM_ENTRY_TEXT(name) "__wrap_" #name
#else
#define CM_ENTRY(name) name
#define CM_ENTRY_TEXT(name) #name
#endif

#define CM_EXPORT __attribute__((visibility("default")))

#endif

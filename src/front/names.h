/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_FRONT_NAMES_H
#define CHUNKMALLOC_FRONT_NAMES_H

/* The same sources make the preload library's malloc and the archive's __wrap_malloc. */
#ifdef CM_WRAP
#define CM_ENTRY(name) __wrap_##name
#else
#define CM_ENTRY(name) name
#endif

#define CM_EXPORT __attribute__((visibility("default")))

#endif

/* SPDX-License-Identifier: MIT */
#ifndef BENCH_EMPTY_H
#define BENCH_EMPTY_H

#include <stddef.h>

/* Does nothing, in a file of its own: what a measured call costs before it does anything. */
void *empty_call(void *first, size_t second);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef BENCH_ADAPTER_H
#define BENCH_ADAPTER_H

/*
 * The allocator under test. Each workload is compiled once for each allocator, with the adapter
 * that the build names, so that the measured call is a direct call as in a user's program.
 *
 * An adapter has:
 *   adapter_bookkeeping  bytes that it wants beside a heap of that size, a multiple of 64
 *   adapter_open         an empty heap; all that ever changes lies in the heap or beside it
 *   adapter_alloc, adapter_aligned, adapter_free, adapter_realloc   the calls that are measured
 *   adapter_taken        bytes of the heap that a block of that size takes
 *   adapter_request      the largest size that takes no more than so many bytes
 *   adapter_whole        the largest size that an empty heap can give
 */

#include "../common.h"

#include ADAPTER

#endif

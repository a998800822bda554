/* SPDX-License-Identifier: MIT */
#ifndef BENCH_CYCLES_H
#define BENCH_CYCLES_H

/*
 * Time of single calls, in ticks of the time-stamp counter (nanoseconds where there is none). The
 * fences keep the call between the two readings: nothing before it is still under way when the
 * first is taken, and the second waits for all of it but stores on their way to the cache.
 */

#include <stdint.h>
#include <time.h>

static inline uint64_t cycles_before(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_lfence();
    const uint64_t ticks = __builtin_ia32_rdtsc();
    __builtin_ia32_lfence();
    return ticks;
#else
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
#endif
}

static inline uint64_t cycles_after(void) {
#if defined(__x86_64__) || defined(__i386__)
    unsigned processor;
    const uint64_t ticks = __builtin_ia32_rdtscp(&processor);
    __builtin_ia32_lfence();
    return ticks;
#else
    return cycles_before();
#endif
}

static inline uint32_t cycles_since(uint64_t start) {
    const uint64_t passed = cycles_after() - start;
    return passed < UINT32_MAX ? (uint32_t)passed : UINT32_MAX;
}

#endif

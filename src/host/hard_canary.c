/* SPDX-License-Identifier: MIT */
#include "hard_canary.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif

cm_pair cm_hard_secret;

const unsigned char cm_canary_masks[2 * CM_CANARY_SIZE] = {
    [CM_CANARY_SIZE... 2 * CM_CANARY_SIZE - 1] = UINT8_MAX,
};

#ifdef __x86_64__

/* Memory in the outer caches is gone through in about half the time. */
__attribute__((target("avx2"))) static bool is_zero_by_avx2(const void *memory, size_t size) {
    typedef uint64_t quad __attribute__((vector_size(32), may_alias, aligned(16)));
    enum { STRETCH = 4 * sizeof(quad) };
    const unsigned char *at = (const unsigned char *)memory;
    const unsigned char *const last = at + size - STRETCH;
    quad found = {0, 0, 0, 0};
    while (at < last + STRETCH) {
        const quad *const quads = (const quad *)(const void *)(at < last ? at : last);
        found |= (quads[0] | quads[1]) | (quads[2] | quads[3]);
        at += STRETCH;
    }
    return (found[0] | found[1] | found[2] | found[3]) == 0;
}

/* Of the processor, and of the system, which has to save the registers. The compiler's own way to
 * ask does so at the start of every process, and each question is one for the host of a virtual
 * machine. */
static bool ask_for_avx2(void) {
    enum { SAVES_XMM_AND_YMM = 6 };
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & bit_OSXSAVE) == 0) {
        return false;
    }
    unsigned saved, more;
    __asm__("xgetbv" : "=a"(saved), "=d"(more) : "c"(0));
    return (saved & SAVES_XMM_AND_YMM) == SAVES_XMM_AND_YMM &&
           __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_AVX2) != 0;
}

static bool has_avx2(void) {
    enum { UNKNOWN, NO, YES };
    static unsigned char answer;
    unsigned char known = __atomic_load_n(&answer, __ATOMIC_RELAXED);
    if (known == UNKNOWN) {
        known = ask_for_avx2() ? YES : NO;
        __atomic_store_n(&answer, known, __ATOMIC_RELAXED);
    }
    return known == YES;
}

bool cm_is_zero_long(const void *memory, size_t size) {
    return has_avx2() ? is_zero_by_avx2(memory, size) : cm_is_zero_here(memory, size);
}

#else

bool cm_is_zero_long(const void *memory, size_t size) {
    return cm_is_zero_here(memory, size);
}

#endif

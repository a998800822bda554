/* SPDX-License-Identifier: MIT */
#include "hard_canary.h"

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

bool cm_is_zero_long(const void *memory, size_t size) {
    return __builtin_cpu_supports("avx2") ? is_zero_by_avx2(memory, size)
                                          : cm_is_zero_here(memory, size);
}

#else

bool cm_is_zero_long(const void *memory, size_t size) {
    return cm_is_zero_here(memory, size);
}

#endif

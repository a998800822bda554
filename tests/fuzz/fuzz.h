/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

/* What each program here defines and the engines call, and what the programs have in common. */

#include "../model/tape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Unlike CHECK: ends the program as the engines expect it of a finding. */
#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))

static inline _Noreturn void fuzz_fail(const char *file, int line, const char *text) {
    (void)fprintf(stderr, "%s:%d: not so: %s\n", file, line, text);
    abort();
}

/* From 0 to half a million, every doubling about as likely. */
static inline size_t fuzz_size(struct tape *tape) {
    const uint32_t shift = tape_draw(tape, 16);
    return ((size_t)tape_draw(tape, 4096) << shift) >> 8;
}

#endif

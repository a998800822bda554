/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RECORD_H
#define BENCH_RECORD_H

#include <stdint.h>

enum event_kind { EVENT_MALLOC, EVENT_CALLOC, EVENT_ALIGNED, EVENT_REALLOC, EVENT_FREE };

/* As the recorder writes it: addresses as the program saw them. */
struct raw_event {
    uint64_t block; /* what the call returned, or what free was given */
    uint64_t old;   /* what realloc was given */
    uint64_t size;
    uint32_t alignment;
    uint32_t kind;
};

/* As the replayer reads it: addresses replaced by numbers of slots. */
struct replay_event {
    uint32_t slot_and_kind; /* slot * 8 + kind */
    uint32_t size;          /* bytes; for EVENT_ALIGNED bits 27..31 hold log2 of the alignment */
};

#define ALIGNED_SHIFT 27
#define ALIGNED_SIZE ((UINT32_C(1) << ALIGNED_SHIFT) - 1)

#endif

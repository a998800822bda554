/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MODEL_MACHINE_H
#define TESTS_MODEL_MACHINE_H

/*
 * A chunk heap and its reference, driven side by side, by name or by the decisions of a tape.
 * Whatever the heap does that heap.h does not allow ends the program.
 */

#include <chunkmalloc/heap.h>

#include "area.h"
#include "reference.h"
#include "tape.h"

struct shape {
    uint32_t chunks;
    uint32_t chunk_size;
    unsigned flags;
    uint32_t shift;       /* chunks between the heap's end and the end of its last page */
    uint32_t check_every; /* operations from one exhaustive comparison to the next */
};

/* Between bounds, where heap.h leaves it open whether an event counts. */
struct tally {
    uint64_t least;
    uint64_t most;
};

enum trend { TREND_STEADY, TREND_FILL, TREND_DRAIN, TREND_COUNT };

/* What a heap that grows is given when it asks. */
enum source {
    SOURCE_NONE, /* it cannot ask */
    SOURCE_REFUSES,
    SOURCE_GIVES_LESS, /* too little, but says that it gave */
    SOURCE_GIVES,
    SOURCE_GIVES_MORE,
    SOURCE_COUNT
};

struct machine {
    struct chunk_heap heap;
    struct shape shape;
    struct reference reference;
    struct tape *tape;
    const char *origin; /* for messages */
    struct area memory;
    struct area bookkeeping;
    uint64_t steps;
    uint32_t patterns;
    enum trend trend;
    enum source source;
    uint32_t asked; /* how often, in this step */
    struct tally allocations;
    struct tally granted; /* chunks of these */
    struct tally failures;
};

/* Memory starts zero-filled. origin and tape must outlive the machine. */
void machine_create(struct machine *machine, const struct shape *shape, struct tape *tape,
                    const char *origin);
void machine_destroy(struct machine *machine);

/* One operation as the tape chooses, and now and then a comparison. */
void machine_step(struct machine *machine);

void machine_expect_no_misuse(const struct machine *machine);

/* Compares everything that the heap lets one observe with the reference. */
void machine_compare(const struct machine *machine);

/* Says what is wrong with the heap and ends the program. */
void machine_fail(const struct machine *machine, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* Length in chunks of a block of that many bytes. */
uint64_t machine_length(const struct machine *machine, size_t size);

unsigned char *machine_address(const struct machine *machine, uint32_t chunk);

/* Marks the block's contents, so that machine_verify notices a change of the first chunks. */
void machine_mark(struct machine *machine, uint32_t block);
void machine_verify(const struct machine *machine, uint32_t block, uint32_t chunks);
/* The same for a block that now lies elsewhere. */
void machine_verify_at(const struct machine *machine, const unsigned char *bytes, uint32_t chunks,
                       uint32_t pattern);

/* ---- operations, each judged against the reference; blocks by number ---------------------------
 */

void machine_allocate(struct machine *machine, size_t size);
void machine_allocate_zeroed(struct machine *machine, size_t size);
void machine_allocate_aligned(struct machine *machine, size_t alignment, size_t size);
void machine_reallocate_nothing(struct machine *machine, size_t size);
void machine_free(struct machine *machine, uint32_t number);
/* The size must be one that the block was made for. */
void machine_free_sized(struct machine *machine, uint32_t number, size_t size);
void machine_resize(struct machine *machine, uint32_t number, size_t size);
void machine_reallocate(struct machine *machine, uint32_t number, size_t size);
void machine_extend(struct machine *machine, uint32_t chunks);
void machine_truncate(struct machine *machine, uint32_t chunks);

/* From now on. Has no effect on a heap that does not grow. */
void machine_choose_source(struct machine *machine, enum source source);
/* Fails if an allocation was refused that could be met at the frontier, and none asked for more. */
void machine_expect_asked(const struct machine *machine, uint64_t length, uint64_t alignment);

/* A call with a pointer that may be bad, or with a size that may be wrong: no effect but a report
 * of the right kind. Nothing at all if both turn out to be good. */
void machine_misuse(struct machine *machine, unsigned char *pointer, size_t size, uint32_t verb);

#endif

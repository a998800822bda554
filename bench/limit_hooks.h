/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LIMIT_HOOKS_H
#define BENCH_LIMIT_HOOKS_H

/*
 * Part of limit.c: what it does with blocks beside keeping them on stacks.
 *
 * WIPES: what it costs at least to find writes to freed memory. Blocks are zeroed when they are
 * freed, and looked at when they are handed out again.
 *
 * HARDENS: that, and what it costs at least to find overruns and double frees, and to name who did
 * it. Outside the blocks each has a record of how much of it was not asked for and of the sites at
 * which it was allocated and freed; in the slack is a canary; and of each class sixteen freed
 * blocks wait, to be replaced at random. No guards, no random places, no other checks.
 */

#if defined(WIPES) || defined(HARDENS)

enum { HANDS_OUT_ZEROS = true };

static size_t size_of_large[SPACE >> UNIT_SHIFT];

typedef uint64_t quad __attribute__((vector_size(32), may_alias, aligned(16)));
typedef uint64_t pair __attribute__((vector_size(16), may_alias));

#ifdef __x86_64__
__attribute__((target("avx2")))
#endif
static bool
is_zero(const void *memory, size_t size) {
    const char *at = memory, *const end = at + size;
    quad found = {0};
    for (; at + 128 <= end; at += 128) {
        const quad *const quads = (const quad *)(const void *)at;
        found |= quads[0] | quads[1] | quads[2] | quads[3];
    }
    pair rest = {0};
    for (; at < end; at += sizeof rest)
        rest |= *(const pair *)(const void *)at;
    return (found[0] | found[1] | found[2] | found[3] | rest[0] | rest[1]) == 0;
}

static inline size_t used_size(unsigned class, const void *block) {
    return class_size(class) <= UNIT ? class_size(class) : size_of_large[unit_of(block)];
}

/* Of a large block, what a program may have written to. */
static inline void remember(unsigned class, const void *block, size_t size) {
    const size_t rounded = (size + 15) & ~(size_t)15;
    if (class_size(class) > UNIT && size_of_large[unit_of(block)] < rounded)
        size_of_large[unit_of(block)] = rounded;
}

static inline void wipe(unsigned class, void *block) {
    memset(block, 0, used_size(class, block));
    if (class_size(class) > UNIT)
        size_of_large[unit_of(block)] = 0;
}

static inline void make_sure(bool good) {
    if (!likely(good))
        _exit(125);
}

#else

enum { HANDS_OUT_ZEROS = false };

#endif

#ifdef HARDENS

#define RECORDS_OF_UNIT (UNIT / 16)
#define SITE_BITS 15
#define FREE ((uint32_t)1 << 31)

typedef uint64_t loose_pair __attribute__((vector_size(16), may_alias, aligned(1)));

enum { WAITING = 16, CANARY = sizeof(pair) };

static uint32_t *records;
static uint32_t reciprocals[CLASSES];
static const void *sites[1 << SITE_BITS];
static uint64_t secret = 0x8f3b97c5a1d6e2f9;
static __thread uint64_t chance __attribute__((tls_model("initial-exec")));
static __thread struct block *waiting[CLASSES][WAITING] __attribute__((tls_model("initial-exec")));
static const unsigned char masks[2 * CANARY] = {[CANARY... 2 * CANARY - 1] = 255};

static void start_hooks(void) {
    for (unsigned class = 0; class < CLASSES && class_size(class) <= UNIT; class ++)
        reciprocals[class] =
            (uint32_t)((((uint64_t)1 << 32) + class_size(class) - 1) / class_size(class));
    records = mmap(NULL, (SPACE >> UNIT_SHIFT) * RECORDS_OF_UNIT * sizeof *records,
                   PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    make_sure(records != MAP_FAILED);
}

/* Of a large block the first of its unit. */
static inline uint32_t *record_of(unsigned class, const void *block) {
    const uint64_t slot = (uint64_t)(((uintptr_t)block - base) % UNIT) * reciprocals[class] >> 32;
    return &records[unit_of(block) * RECORDS_OF_UNIT + slot];
}

static inline uint32_t site_number(const void *caller) {
    const uint32_t number = (uint32_t)(uintptr_t)caller * UINT32_C(0x9e3779b1) >> (32 - SITE_BITS);
    if (!likely(sites[number] == caller))
        sites[number] = caller;
    return number;
}

static inline uint32_t slack_told(uint32_t record) {
    return (record >> 16) - 1;
}

/* Up to 16 bytes behind those asked for, in the 16 that end there or with the block. */
static inline loose_pair *canary_at(void *block, size_t size, size_t slack, pair *value) {
    const size_t length = slack < CANARY ? slack : CANARY;
    const pair mask = *(const loose_pair *)(const void *)&masks[length];
    *value = (pair){(uintptr_t)block ^ secret, (uintptr_t)block ^ secret} & mask;
    return (loose_pair *)(void *)((char *)block + size + length - CANARY);
}

static inline void set_live(unsigned class, void *block, size_t size, uint32_t site) {
    const size_t slack = used_size(class, block) - size;
    pair value;
    loose_pair *const canary = canary_at(block, size, slack, &value);
    *canary |= value;
    *record_of(class, block) = (uint32_t)(slack + 1) << 16 | site;
}

/* Returns how much of it was asked for. The canary is gone then. */
static inline size_t check_live(unsigned class, void *block) {
    const uint32_t record = *record_of(class, block);
    make_sure((int32_t)record > UINT16_MAX);
    const size_t slack = slack_told(record), size = used_size(class, block) - slack;
    pair value;
    loose_pair *const canary = canary_at(block, size, slack, &value);
    const size_t length = slack < CANARY ? slack : CANARY;
    const pair rest = (*canary ^ value) & *(const loose_pair *)(const void *)&masks[length];
    make_sure((rest[0] | rest[1]) == 0);
    *canary ^= value;
    return size;
}

static inline void *handed_out(unsigned class, struct block *block, size_t size,
                               const void *caller) {
    if (!likely(block))
        return NULL;
    *block = (struct block){0};
    size += size == 0;
    remember(class, block, size);
    make_sure(is_zero(block, used_size(class, block)));
    set_live(class, block, size, site_number(caller));
    return block;
}

static inline struct block *taken_back(unsigned class, void *pointer, const void *caller) {
    check_live(class, pointer);
    uint32_t *const record = record_of(class, pointer);
    *record = FREE | site_number(caller) << 16 | (*record & 0x7fff);
    wipe(class, pointer);
    if (class_size(class) > UNIT)
        return pointer;
    chance = chance * UINT64_C(6364136223846793005) + 1;
    struct block **const place = &waiting[class][(chance >> 32) % WAITING];
    struct block *const ripe = *place;
    *place = pointer;
    return ripe;
}

static inline size_t usable_size(unsigned class, const void *block) {
    return used_size(class, block) - slack_told(*record_of(class, block));
}

static inline void resized(unsigned class, void *block, size_t size) {
    const size_t before = check_live(class, block);
    const uint32_t site = *record_of(class, block) & 0x7fff;
    if (size < before)
        memset((char *)block + size, 0, before - size);
    if (class_size(class) > UNIT)
        size_of_large[unit_of(block)] = (size + 15) & ~(size_t)15;
    set_live(class, block, size, site);
}

/* The block is a part of one that was handed out. */
static inline void resettled(unsigned class, void *block, size_t size) {
    remember(class, block, size);
    set_live(class, block, size, 0);
}

/* At the end of a thread. */
static void push_waiting(unsigned class) {
    for (unsigned i = 0; i < WAITING; i++) {
        if (waiting[class][i])
            push(class, waiting[class][i]);
        waiting[class][i] = NULL;
    }
}

#else

static inline void start_hooks(void) {
}

static inline void push_waiting(unsigned class) {
    (void)class;
}

#ifdef WIPES

static inline void *handed_out(unsigned class, struct block *block, size_t size,
                               const void *caller) {
    (void)caller;
    if (!likely(block))
        return NULL;
    *block = (struct block){0};
    remember(class, block, size);
    make_sure(is_zero(block, used_size(class, block)));
    return block;
}

static inline struct block *taken_back(unsigned class, void *pointer, const void *caller) {
    (void)caller;
    wipe(class, pointer);
    return pointer;
}

#else

static inline size_t used_size(unsigned class, const void *block) {
    (void)block;
    return class_size(class);
}

static inline void remember(unsigned class, const void *block, size_t size) {
    (void)class, (void)block, (void)size;
}

static inline void *handed_out(unsigned class, struct block *block, size_t size,
                               const void *caller) {
    (void)class, (void)size, (void)caller;
    return block;
}

static inline struct block *taken_back(unsigned class, void *pointer, const void *caller) {
    (void)class, (void)caller;
    return pointer;
}

#endif

static inline size_t usable_size(unsigned class, const void *block) {
    return used_size(class, block);
}

static inline void resized(unsigned class, void *block, size_t size) {
    remember(class, block, size);
}

static inline void resettled(unsigned class, void *block, size_t size) {
    remember(class, block, size);
}

#endif

#endif

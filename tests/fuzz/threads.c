/* SPDX-License-Identifier: MIT */
/*
 * The hosted allocator, called by three threads at once: each takes what it does from its third of
 * the input, and all of them give blocks to each other. Each block's contents are checked before
 * it goes; at the end nothing is in use, and the allocator finds its heap in order.
 */
#include <chunkmalloc/chunkmalloc.h>
#include <pthread.h>

#include "fuzz.h"
#include "wrapped.h"

enum { THREADS = 3, SLOTS = 16, SHARED = 8 };

struct piece {
    unsigned char *bytes; /* NULL: none */
    size_t size;
    uint64_t seed;
};

struct worker {
    pthread_t thread;
    struct tape tape;
    struct piece *slots[SLOTS];
    uint64_t seeds;
};

static struct piece pieces[THREADS * SLOTS + SHARED];
static struct worker workers[THREADS];
static struct piece *shared[SHARED];

static void verify(const struct piece *piece) {
    FUZZ_CHECK(piece->bytes == NULL || pattern_holds(piece->bytes, piece->size, piece->seed));
}

static void let_go(struct piece *piece, bool sized) {
    verify(piece);
    if (sized && piece->bytes != NULL) {
        __wrap_free_sized(piece->bytes, piece->size);
    } else {
        __wrap_free(piece->bytes);
    }
    piece->bytes = NULL;
}

static void fill(struct worker *worker, struct piece *piece, void *bytes, size_t size) {
    FUZZ_CHECK(bytes != NULL && chunkmalloc_owns(bytes) && is_aligned(bytes, 16));
    FUZZ_CHECK(__wrap_malloc_usable_size(bytes) >= size);
    *piece = (struct piece){.bytes = bytes, .size = size, .seed = worker->seeds++};
    pattern_fill(bytes, size, piece->seed);
}

static void take_zeroed(struct worker *worker, struct piece *piece, size_t size) {
    void *const bytes = __wrap_calloc(1, size);
    FUZZ_CHECK(bytes != NULL && all_zero(bytes, size));
    fill(worker, piece, bytes, size);
}

static void take_aligned(struct worker *worker, struct piece *piece, size_t size) {
    const size_t alignment = (size_t)16 << tape_draw(&worker->tape, 13);
    void *bytes = NULL;
    if (tape_chance(&worker->tape, 2)) {
        bytes = __wrap_memalign(alignment, size);
    } else {
        FUZZ_CHECK(__wrap_posix_memalign(&bytes, alignment, size) == 0);
    }
    FUZZ_CHECK(is_aligned(bytes, alignment));
    fill(worker, piece, bytes, size);
}

static void resize(struct worker *worker, struct piece *piece, size_t size) {
    verify(piece);
    const size_t kept = piece->bytes == NULL ? 0 : piece->size < size ? piece->size : size;
    /* What glibc does with a block and no size is tested elsewhere. */
    void *const bytes = __wrap_realloc(piece->bytes, size != 0 ? size : 1);
    FUZZ_CHECK(bytes != NULL && pattern_holds(bytes, kept, piece->seed));
    fill(worker, piece, bytes, size != 0 ? size : 1);
}

/* Asks for all that can be used already. */
static void use_up(struct worker *worker, struct piece *piece) {
    if (piece->bytes != NULL) {
        verify(piece);
        /* Of a block of no bytes nothing, in the hardened mode. */
        const size_t usable = __wrap_malloc_usable_size(piece->bytes);
        void *const bytes = __wrap_realloc(piece->bytes, usable != 0 ? usable : 1);
        FUZZ_CHECK(bytes != NULL && pattern_holds(bytes, piece->size, piece->seed));
        fill(worker, piece, bytes, usable != 0 ? usable : 1);
    }
}

static void step(struct worker *worker) {
    struct tape *const tape = &worker->tape;
    const uint32_t verb = tape_draw(tape, 16);
    struct piece **const slot = &worker->slots[tape_draw(tape, SLOTS)];
    struct piece *const piece = *slot;
    switch (verb) {
    case 0:
        *slot = __atomic_exchange_n(&shared[tape_draw(tape, SHARED)], piece, __ATOMIC_ACQ_REL);
        return;
    case 1:
        resize(worker, piece, fuzz_size(tape));
        return;
    case 2:
        use_up(worker, piece);
        return;
    case 3:
        if (tape_chance(tape, 4)) {
            (void)__wrap_malloc_trim(fuzz_size(tape));
        }
        return;
    case 4:
        let_go(piece, true);
        take_aligned(worker, piece, fuzz_size(tape));
        return;
    case 5:
        let_go(piece, false);
        take_zeroed(worker, piece, fuzz_size(tape));
        return;
    default:
        break;
    }
    let_go(piece, verb % 2 == 0);
    if (verb < 12) {
        const size_t size = fuzz_size(tape);
        fill(worker, piece, __wrap_malloc(size), size);
    }
}

static void *work(void *argument) {
    struct worker *const worker = argument;
    while (!tape_ended(&worker->tape)) {
        step(worker);
    }
    return NULL;
}

static void expect_nothing_in_use(void) {
    static int hardened = -1;
    if (hardened < 0) {
        const char *const conf = getenv("CHUNKMALLOC_CONF");
        hardened = conf != NULL && strstr(conf, "harden=on") != NULL;
    }
    struct chunkmalloc_stats stats;
    FUZZ_CHECK(chunkmalloc_get_stats(&stats, sizeof stats) == sizeof stats);
    /* There, a quarantine holds what was freed. */
    FUZZ_CHECK(hardened || (stats.small_live == 0 && stats.large_blocks == 0));
    const char *const finding = chunkmalloc_check();
    if (finding != NULL) {
        (void)fprintf(stderr, "chunkmalloc_check: %s\n", finding);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct piece *piece = pieces;
    for (size_t i = 0; i < SHARED; i++) {
        shared[i] = piece++;
    }
    for (size_t i = 0; i < THREADS; i++) {
        const size_t start = size * i / THREADS;
        workers[i].tape = tape_from_bytes(data + start, size * (i + 1) / THREADS - start);
        workers[i].seeds = i << 32;
        for (size_t j = 0; j < SLOTS; j++) {
            workers[i].slots[j] = piece++;
        }
    }
    for (size_t i = 1; i < THREADS; i++) {
        FUZZ_CHECK(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
    }
    (void)work(&workers[0]);
    for (size_t i = 1; i < THREADS; i++) {
        FUZZ_CHECK(pthread_join(workers[i].thread, NULL) == 0);
    }
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        let_go(&pieces[i], false);
    }
    expect_nothing_in_use();
    return 0;
}

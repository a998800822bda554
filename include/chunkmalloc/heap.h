/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HEAP_H
#define CHUNKMALLOC_HEAP_H

/*
 * The freestanding chunk heap: a block of memory cut into chunks of one fixed size, handed out as
 * runs of adjacent chunks, with all bookkeeping in bitmaps beside it.
 *
 * Needs no libc, no operating system and no initialisation: a heap made by CHUNK_HEAP_DEFINE is
 * valid, and empty, as the zero-filled image that a loader provides.
 *
 * Thread rule: no function here locks. Calls on one heap must not overlap in time, except that
 * the functions that only look at constants (capacity, chunk count, chunk size, alignment) may be
 * called at any time. locked.h adds a lock of your choice. Different heaps are independent.
 *
 * Time: "constant" below means bounded by a number that depends neither on the heap's contents nor
 * on its size: CHUNK_HEAP_STEPS_... say which. CHUNK_HEAP_SEARCH_MAX bounds the only loop.
 *
 * Waste: a block of s bytes takes ceil(s / chunk_size) chunks, at least one; nothing is added to
 * it. Bookkeeping costs CHUNK_HEAP_BOOKKEEPING_SIZE(chunks, 0) bytes beside the heap: at most
 * 0.3 % of a heap of 1 MiB or more with chunks of 256 bytes, 2 % with chunks of 16 bytes.
 *
 * Misuse: a pointer that does not name a live block is always noticed before anything is changed,
 * in every build, because the two bits of a chunk say what starts there. The heap's misuse hook is
 * then called; if it returns, the call has no effect and reports failure in its usual way. Only
 * after CHUNK_MISUSE_CORRUPT there is no going on: a hook that returns is followed by the trap, and
 * if it jumps out, the heap must not be used any more. To tell what a pointer points to that names
 * no block may take time linear in the run around it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CHUNK_HEAP_MIN_CHUNK_SIZE 16u
#define CHUNK_HEAP_DEFAULT_CHUNK_SIZE 256u
#define CHUNK_HEAP_DEFAULT_CHUNKS 4096u
/* Most free runs that one allocation may look at before it looks at one that is certain to do. */
#define CHUNK_HEAP_SEARCH_MAX 8u

/*
 * Most steps of one call. A step is a look at one place of the bookkeeping, to read or to write it:
 * a pair of words of the bitmap, the head of a list of the index or the map of a row of lists, the
 * node of a free run. Each is exact: there are heaps in which a call takes as many. They are
 * derived in src/core/README.md. What is copied or cleared for you, and a source hook, come on top.
 */
#define CHUNK_HEAP_STEPS_ALLOC (6u * CHUNK_HEAP_SEARCH_MAX + 20u)   /* chunk_alloc, _zeroed */
#define CHUNK_HEAP_STEPS_ALIGNED (8u * CHUNK_HEAP_SEARCH_MAX + 28u) /* chunk_alloc_aligned */
#define CHUNK_HEAP_STEPS_FREE 34u                                   /* _sized: 4 more */
#define CHUNK_HEAP_STEPS_RESIZE 26u
#define CHUNK_HEAP_STEPS_REALLOC (6u * CHUNK_HEAP_SEARCH_MAX + 67u)
#define CHUNK_HEAP_STEPS_USABLE_SIZE 5u
#define CHUNK_HEAP_STEPS_GET_STATS (6u * CHUNK_HEAP_SEARCH_MAX + 2u)

/*
 * Bits of a chunk number in the index of free runs: 32, or 16 for heaps of at most 65534 chunks
 * with half the index. To be set alike for the program and for the core that it is linked with.
 */
#ifndef CHUNK_HEAP_INDEX_BITS
#define CHUNK_HEAP_INDEX_BITS 32
#endif
#if CHUNK_HEAP_INDEX_BITS == 32
typedef uint32_t chunk_link;
#define CHUNK_HEAP_MAX_CHUNKS 0x7fffffffu /* largest number of chunks in one heap */
#elif CHUNK_HEAP_INDEX_BITS == 16
typedef uint16_t chunk_link;
#define CHUNK_HEAP_MAX_CHUNKS 0xfffeu
#else
#error CHUNK_HEAP_INDEX_BITS must be 16 or 32
#endif

/* A word of the bitmap, as wide as a register. */
typedef uintptr_t chunk_word;
#if UINTPTR_MAX > 0xffffffff
#define CHUNK_WORD_BITS_ 64
#else
#define CHUNK_WORD_BITS_ 32
#endif

/* What a misuse hook is told. */
enum chunk_misuse {
    CHUNK_MISUSE_DOUBLE_FREE, /* the chunk lies in a free run: freed already, or stale */
    CHUNK_MISUSE_INTERIOR,    /* inside a live block, not at its start */
    CHUNK_MISUSE_MISALIGNED,  /* not at the start of a chunk */
    CHUNK_MISUSE_OUTSIDE,     /* not in the heap, or in a part of it never handed out */
    CHUNK_MISUSE_WRONG_SIZE,  /* size given to chunk_free_sized is not the block's */
    CHUNK_MISUSE_CORRUPT      /* the node of a free run was overwritten: the pointer names it */
};

/*
 * Called with the kind of misuse and the offending pointer. It may stop the program, jump out, or
 * return. It runs inside the offending call: it must not use the same heap.
 */
typedef void (*chunk_misuse_hook)(enum chunk_misuse kind, const void *pointer);

/* A short text for the kind, such as "double free"; "unknown misuse" for any other value. */
const char *chunk_misuse_name(enum chunk_misuse kind);

/* What changes while a heap is in use. All zero is the empty heap. Private; see
 * chunk_heap_get_stats. */
struct chunk_heap_state {
    uint32_t frontier; /* no run lies at or above it */
    uint32_t touched;  /* chunks at or above it were never handed out */
    uint32_t opened;   /* chunks available so far; only in heaps that grow */
    uint32_t used;     /* chunks in live runs */
    uint32_t peak;     /* largest value of used */
    uint32_t live;     /* live runs */
    uint32_t free;     /* free runs below the frontier */
    uint32_t rows;     /* bit r: some list of row r of the index is not empty */
    uint32_t failures; /* allocations refused */
    size_t allocations;
    size_t granted; /* chunks of all allocations */
};

/* Links of a free run in the list of its length. Private. */
struct chunk_node {
    chunk_link next;
    chunk_link previous;
};

struct chunk_heap;

/*
 * Called when an allocation, or a block that grows, finds no room in a heap that grows: chunks more
 * than are available would do. The hook may call chunk_heap_extend for this heap, and no other
 * function that changes it. When it returns true, the request is tried once more; otherwise, or if
 * there still is no room, that fails as usual. chunk_realloc, which tries to resize, to move and to
 * slide, may ask three times.
 */
typedef bool (*chunk_source_hook)(const struct chunk_heap *heap, size_t chunks);

/*
 * A heap: where its parts are. Constant once defined, so it may lie in read-only memory, and
 * several descriptors of the same parts are the same heap. Fields are private, except that
 * misuse and source may be set before first use.
 */
struct chunk_heap {
    unsigned char *memory; /* first chunk, aligned to the chunk size */
    unsigned char *nodes;  /* the first chunk's; memory, if they lie in the free chunks */
    chunk_word *bits;      /* per word of chunks a pair (start, live), and one for the wall */
    struct chunk_heap_state *state;
    uint32_t *maps;           /* one a row of the index: which of its lists are not empty */
    chunk_link *heads;        /* the first run of each list */
    chunk_misuse_hook misuse; /* NULL: the processor's trap instruction */
    chunk_source_hook source; /* NULL: the program extends the heap by itself, or not at all */
    uint32_t chunks;
    uint8_t chunk_shift; /* log2 of the chunk size */
    uint8_t node_shift;  /* log2 of the distance from one chunk's node to the next's */
    bool grows;          /* only state->opened chunks are available */
};

/* Flags of chunk_heap_init and of the size functions. */
enum {
    /* Keep the nodes of free runs in the bookkeeping (8 more bytes a chunk): the heap's own memory
     * is then never read nor written by the allocator, except to copy and clear blocks for you. */
    CHUNK_HEAP_NODES_OUTSIDE = 1,
    /* Start with no chunk available; chunk_heap_extend makes them so. */
    CHUNK_HEAP_GROWS = 2,
    /* The bookkeeping is known to be zero-filled: chunk_heap_init need not clear it, and takes
     * constant time. In a heap that grows, nodes of chunks that are not yet available are not used,
     * and of their bits only those of the first one: their memory may still be out of reach. */
    CHUNK_HEAP_ZEROED = 4
};

/* ---- sizes, usable in constant expressions; chunks from 1 to CHUNK_HEAP_MAX_CHUNKS ------------
 */

#define CHUNK_HEAP_ROWS_(chunks) \
    ((chunks) < 32u ? 1u : 28u - (unsigned)__builtin_clz((unsigned)((chunks) | 1u)))
#define CHUNK_HEAP_BITS_WORDS_(chunks) (((size_t)(chunks) / CHUNK_WORD_BITS_ + 1) * 2)
#define CHUNK_HEAP_MAPS_SIZE_(chunks) ((size_t)4 * CHUNK_HEAP_ROWS_(chunks))
#define CHUNK_HEAP_HEADS_SIZE_(chunks) (32 * sizeof(chunk_link) * CHUNK_HEAP_ROWS_(chunks))
#define CHUNK_HEAP_ROUNDED_(size) (((size) + 7) / 8 * 8)

/* Bytes of bookkeeping for a heap of that many chunks; flags as for chunk_heap_init. */
#define CHUNK_HEAP_BOOKKEEPING_SIZE(chunks, flags)                                         \
    (CHUNK_HEAP_ROUNDED_(sizeof(struct chunk_heap_state)) +                                \
     CHUNK_HEAP_ROUNDED_(CHUNK_HEAP_MAPS_SIZE_(chunks) + CHUNK_HEAP_HEADS_SIZE_(chunks)) + \
     sizeof(chunk_word) * CHUNK_HEAP_BITS_WORDS_(chunks) +                                 \
     (((flags)&CHUNK_HEAP_NODES_OUTSIDE)                                                   \
          ? CHUNK_HEAP_ROUNDED_(sizeof(struct chunk_node) * (size_t)(chunks))              \
          : 0))

/* ---- static definition ------------------------------------------------------------------------
 */

#if defined(__cplusplus)
#define CHUNK_STATIC_ASSERT_(condition, message) static_assert(condition, #message)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define CHUNK_STATIC_ASSERT_(condition, message) _Static_assert(condition, #message)
#else
#define CHUNK_STATIC_ASSERT_(condition, message) extern char message[(condition) ? 1 : -1]
#endif

#define CHUNK_HEAP_LOG2_(size) (63 - __builtin_clzll((unsigned long long)(size) | 1u))
#define CHUNK_HEAP_SOUND_(chunks, size)                                                           \
    ((chunks) >= 1 && (chunks) <= CHUNK_HEAP_MAX_CHUNKS && (size) >= CHUNK_HEAP_MIN_CHUNK_SIZE && \
     ((size) & ((size)-1)) == 0)

#define CHUNK_HEAP_DEFINE_(name, chunks, size, hook, flags, source_hook)                         \
    CHUNK_STATIC_ASSERT_((chunks) >= 1, chunk_heap_needs_at_least_one_chunk);                    \
    CHUNK_STATIC_ASSERT_((chunks) <= CHUNK_HEAP_MAX_CHUNKS, chunk_heap_has_too_many_chunks);     \
    CHUNK_STATIC_ASSERT_((size) >= CHUNK_HEAP_MIN_CHUNK_SIZE,                                    \
                         chunk_size_must_be_at_least_16_bytes);                                  \
    CHUNK_STATIC_ASSERT_(((size) & ((size)-1)) == 0, chunk_size_must_be_a_power_of_two);         \
    static unsigned char                                                                         \
        name##_memory[CHUNK_HEAP_SOUND_(chunks, size) ? (size_t)(chunks) * (size) : 1]           \
        __attribute__((                                                                          \
            aligned((size) > 4096 && CHUNK_HEAP_SOUND_(chunks, size) ? (size) : 4096)));         \
    static struct {                                                                              \
        struct chunk_heap_state state;                                                           \
        uint32_t maps[CHUNK_HEAP_SOUND_(chunks, size) ? CHUNK_HEAP_ROWS_(chunks) : 1];           \
        chunk_link heads[CHUNK_HEAP_SOUND_(chunks, size) ? CHUNK_HEAP_ROWS_(chunks) * 32u : 1];  \
        chunk_word bits[CHUNK_HEAP_SOUND_(chunks, size) ? CHUNK_HEAP_BITS_WORDS_(chunks) : 1];   \
        struct chunk_node                                                                        \
            nodes[((flags)&CHUNK_HEAP_NODES_OUTSIDE) && CHUNK_HEAP_SOUND_(chunks, size)          \
                      ? (size_t)(chunks)                                                         \
                      : 1];                                                                      \
    } name##_bookkeeping __attribute__((aligned(64)));                                           \
    static const struct chunk_heap name __attribute__((unused)) = {                              \
        name##_memory,                                                                           \
        ((flags)&CHUNK_HEAP_NODES_OUTSIDE) ? (unsigned char *)name##_bookkeeping.nodes           \
                                           : name##_memory,                                      \
        name##_bookkeeping.bits,                                                                 \
        &name##_bookkeeping.state,                                                               \
        name##_bookkeeping.maps,                                                                 \
        name##_bookkeeping.heads,                                                                \
        hook,                                                                                    \
        source_hook,                                                                             \
        (uint32_t)(chunks),                                                                      \
        (uint8_t)CHUNK_HEAP_LOG2_(size),                                                         \
        (uint8_t)CHUNK_HEAP_LOG2_(((flags)&CHUNK_HEAP_NODES_OUTSIDE) ? sizeof(struct chunk_node) \
                                                                     : (size)),                  \
        ((flags)&CHUNK_HEAP_GROWS) != 0}

#define CHUNK_HEAP_PICK_(_1, _2, _3, _4, _5, _6, pick, ...) pick
#define CHUNK_HEAP_DEFINE1_(name) CHUNK_HEAP_DEFINE2_(name, CHUNK_HEAP_DEFAULT_CHUNKS)
#define CHUNK_HEAP_DEFINE2_(name, chunks) \
    CHUNK_HEAP_DEFINE3_(name, chunks, CHUNK_HEAP_DEFAULT_CHUNK_SIZE)
#define CHUNK_HEAP_DEFINE3_(name, chunks, size) CHUNK_HEAP_DEFINE_(name, chunks, size, 0, 0, 0)
#define CHUNK_HEAP_DEFINE4_(name, chunks, size, hook) \
    CHUNK_HEAP_DEFINE_(name, chunks, size, hook, 0, 0)
#define CHUNK_HEAP_DEFINE5_(name, chunks, size, hook, flags) \
    CHUNK_HEAP_DEFINE_(name, chunks, size, hook, flags, 0)
#define CHUNK_HEAP_DEFINE6_(name, chunks, size, hook, flags, source_hook) \
    CHUNK_HEAP_DEFINE_(name, chunks, size, hook, flags, source_hook)

/*
 * CHUNK_HEAP_DEFINE(name [, chunks [, chunk_size [, hook [, flags [, source]]]]]);
 *
 * At file scope: a heap with its memory (aligned to the larger of 4096 and the chunk size) and its
 * bookkeeping, all static and zero-filled, and `static const struct chunk_heap name`. Ready for
 * use as it is. Defaults: 4096 chunks of 256 bytes, misuse hook NULL (trap), no flags, source hook
 * NULL. The numbers are integer constants; a wrong one stops the compilation with a message that
 * says which rule it breaks.
 */
#define CHUNK_HEAP_DEFINE(...)                                                                   \
    CHUNK_HEAP_PICK_(__VA_ARGS__, CHUNK_HEAP_DEFINE6_, CHUNK_HEAP_DEFINE5_, CHUNK_HEAP_DEFINE4_, \
                     CHUNK_HEAP_DEFINE3_, CHUNK_HEAP_DEFINE2_, CHUNK_HEAP_DEFINE1_, 0)           \
    (__VA_ARGS__)

/* ---- definition at run time -------------------------------------------------------------------
 */

enum chunk_heap_error {
    CHUNK_HEAP_OK = 0,
    CHUNK_HEAP_EMPTY,                  /* memory NULL or size 0 */
    CHUNK_HEAP_BAD_CHUNK_SIZE,         /* not a power of two, or below 16 */
    CHUNK_HEAP_MISALIGNED,             /* memory not aligned to the chunk size */
    CHUNK_HEAP_NOT_A_MULTIPLE,         /* size not a multiple of the chunk size */
    CHUNK_HEAP_TOO_MANY_CHUNKS,        /* more than CHUNK_HEAP_MAX_CHUNKS */
    CHUNK_HEAP_WRAPS,                  /* memory + size, or bookkeeping + its size, wraps around */
    CHUNK_HEAP_BOOKKEEPING_MISALIGNED, /* bookkeeping NULL or not aligned to 8 */
    CHUNK_HEAP_BOOKKEEPING_TOO_SMALL,  /* below chunk_heap_bookkeeping_size */
    CHUNK_HEAP_OVERLAPS,               /* bookkeeping and memory overlap */
    CHUNK_HEAP_BAD_FLAGS               /* a flag that does not exist */
};

/* A sentence for the error; "unknown error" for any other value. */
const char *chunk_heap_error_text(enum chunk_heap_error error);

/*
 * Bytes of bookkeeping that chunk_heap_init wants for that many chunks; 0 when chunks is 0 or above
 * CHUNK_HEAP_MAX_CHUNKS or a flag does not exist. Any thread. Constant time.
 */
size_t chunk_heap_bookkeeping_size(size_t chunks, unsigned flags);

/*
 * Makes *heap a heap over memory[0 .. size), in chunks of chunk_size bytes, with its state in
 * bookkeeping[0 .. bookkeeping_size), which is cleared unless the flags say otherwise. The memory
 * itself is assumed to be zero-filled if chunk_alloc_zeroed is to be used, and is not touched. On
 * failure *heap is left as it was and the first error in the order of the enumeration is returned.
 * Time: linear in the bookkeeping, or constant with CHUNK_HEAP_ZEROED.
 */
enum chunk_heap_error chunk_heap_init(struct chunk_heap *heap, void *memory, size_t size,
                                      size_t chunk_size, void *bookkeeping, size_t bookkeeping_size,
                                      unsigned flags);

/* ---- allocation -------------------------------------------------------------------------------
 */

/*
 * A block of at least size bytes, aligned to the chunk size; size 0 gives a block of one chunk
 * with an address of its own. NULL when no free run is found that is large enough: certain when
 * none exists for sizes up to 64 chunks; above, a run longer by less than 1/32 than the request
 * may be missed if CHUNK_HEAP_SEARCH_MAX shorter ones of its list come first.
 * Constant time. Two-level segregated fit: Masmano, Ripoll, Crespo, Real: "TLSF: a new dynamic
 * memory allocator for real-time systems", ECRTS 2004.
 */
void *chunk_alloc(const struct chunk_heap *heap, size_t size);

/*
 * The same, aligned to alignment, a power of two of any size (below the chunk size it adds
 * nothing); NULL also when it is not a power of two, which does not count among the failures, or
 * above CHUNK_HEAP_MAX_CHUNKS chunks, which does. The space skipped stays free. A fitting place may
 * be missed if CHUNK_HEAP_SEARCH_MAX runs without one come first, and its run is shorter than size
 * and alignment together, or longer by less than 1/32.
 * Constant time.
 */
void *chunk_alloc_aligned(const struct chunk_heap *heap, size_t alignment, size_t size);

/*
 * As chunk_alloc, with the first size bytes zero. Chunks never handed out before are known to be
 * zero and are not cleared again. Constant time plus clearing the rest.
 */
void *chunk_alloc_zeroed(const struct chunk_heap *heap, size_t size);

/* Frees a live block. NULL is ignored. Constant time; free neighbours are joined at once. */
void chunk_free(const struct chunk_heap *heap, void *block);

/*
 * As chunk_free, and checks that a block of size bytes has the length of this one:
 * CHUNK_MISUSE_WRONG_SIZE otherwise, and the block stays. Constant time.
 */
void chunk_free_sized(const struct chunk_heap *heap, void *block, size_t size);

/*
 * Makes a live block size bytes long (0 counts as 1) without moving it: shrinking always succeeds
 * and gives the tail back; growing takes what it needs of a free right neighbour or of the chunks
 * past the frontier. False if that is not possible; the block is then as it was. block NULL: false.
 * Constant time.
 */
bool chunk_resize(const struct chunk_heap *heap, void *block, size_t size);

/*
 * chunk_resize, and where that fails the contents move: to another run, or, when there is none,
 * down over a free left neighbour. A block that shrinks by an eighth or more moves also into a free
 * run that it fills, or nearly (what is left over is at most a sixteenth of what it gives up): so
 * memory does not fall to pieces. Returns the block's address, or NULL with the block as it was.
 * block NULL: chunk_alloc(size). A block that moves is aligned to the chunk size only.
 * Constant time plus the copy. Who shrinks a block step by step copies in all less than seven
 * times its length.
 */
void *chunk_realloc(const struct chunk_heap *heap, void *block, size_t size);

/* Length of a live block in bytes, a multiple of the chunk size; 0 for NULL. Constant time. */
size_t chunk_usable_size(const struct chunk_heap *heap, const void *block);

/* Is the address inside the heap's memory? Any thread. Constant time. */
bool chunk_heap_contains(const struct chunk_heap *heap, const void *address);

/* ---- observation ------------------------------------------------------------------------------
 */

size_t chunk_heap_capacity(const struct chunk_heap *heap);      /* bytes of memory in all */
size_t chunk_heap_chunk_count(const struct chunk_heap *heap);   /* chunks in all */
size_t chunk_heap_chunk_size(const struct chunk_heap *heap);    /* bytes */
size_t chunk_heap_min_alignment(const struct chunk_heap *heap); /* every block has it: chunk size */

/* Used chunks in hundredths of a percent of the available ones, rounded down: 4711 is 47.11 %. */
unsigned chunk_heap_usage(const struct chunk_heap *heap);

struct chunk_heap_stats {
    size_t chunk_size; /* bytes */
    size_t chunks;     /* in all */
    size_t available;  /* chunks that may be used now: chunks, or what has been opened */
    size_t used;       /* chunks in live blocks */
    size_t peak;       /* largest value of used so far */
    size_t frontier;   /* the end of the last live block, in chunks from the heap's start */
    size_t touched; /* the largest value of frontier so far: chunks above were never handed out */
    size_t live_blocks;
    size_t free_runs;    /* below the frontier; all above it is one more */
    size_t largest_free; /* chunks of a block that can be had now; the longest free run may be
                          * longer by less than 1/32 */
    size_t failures;     /* allocations refused so far; wraps at 2^32 */
    size_t allocations;  /* granted so far */
    size_t granted;      /* chunks of these together; wraps */
    size_t bookkeeping;  /* bytes beside the heap */
};

/* Constant time. */
void chunk_heap_get_stats(const struct chunk_heap *heap, struct chunk_heap_stats *stats);

/* One run, as chunk_heap_walk tells of it. */
struct chunk_run {
    void *start;
    size_t size; /* bytes */
    bool live;
};

/*
 * Calls visit for each run below the frontier in order of address until it returns false. visit
 * must not change the heap. Returns false if visit did. Constant time a run.
 */
bool chunk_heap_walk(const struct chunk_heap *heap,
                     bool (*visit)(void *context, const struct chunk_run *run), void *context);

enum chunk_check { CHUNK_CHECK_CHEAP, CHUNK_CHECK_EXHAUSTIVE };

/*
 * Looks for a broken invariant: NULL when there is none, otherwise a text that names the first one
 * found. Cheap: the counters and the index's maps, constant time. Exhaustive: every bit, run,
 * list and node as well; linear in the heap's chunks. Never calls the misuse hook.
 */
const char *chunk_heap_check(const struct chunk_heap *heap, enum chunk_check depth);

/* ---- heaps that grow (CHUNK_HEAP_GROWS) -------------------------------------------------------
 */

/* Makes the first chunks of the heap available, if that is more than now. False when the heap
 * does not grow, or chunks is above the heap's number. Constant time. */
bool chunk_heap_extend(const struct chunk_heap *heap, size_t chunks);

/* Makes only the first chunks available; nothing changes if no more are now. False when the heap
 * does not grow, or a live block ends above. The chunks given up count as handed out before if they
 * become available again: chunk_alloc_zeroed clears them. Constant time. */
bool chunk_heap_truncate(const struct chunk_heap *heap, size_t chunks);

#ifdef __cplusplus
}
#endif

#endif

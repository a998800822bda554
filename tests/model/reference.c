/* SPDX-License-Identifier: MIT */
#include "reference.h"

#include <stdlib.h>
#include <string.h>

#include <chunkmalloc/heap.h>

static void *array(size_t count, size_t size) {
    void *const result = calloc(count, size);
    if (result == NULL) {
        abort();
    }
    return result;
}

void reference_create(struct reference *reference, uint64_t base, uint32_t chunks,
                      uint32_t available) {
    *reference = (struct reference){.base = base, .chunks = chunks, .available = available};
    reference->owner = array(chunks, sizeof *reference->owner);
    reference->alive = array(chunks, sizeof *reference->alive);
    reference->spare = array(chunks, sizeof *reference->spare);
    reference->blocks = array(chunks, sizeof *reference->blocks);
    for (uint32_t number = chunks; number-- > 0;) {
        reference->spare[reference->spares++] = number;
    }
}

void reference_destroy(struct reference *reference) {
    free(reference->owner);
    free(reference->alive);
    free(reference->spare);
    free(reference->blocks);
}

void reference_copy(struct reference *target, const struct reference *source) {
    struct reference copy = *source;
    copy.owner = target->owner;
    copy.alive = target->alive;
    copy.spare = target->spare;
    copy.blocks = target->blocks;
    memcpy(copy.owner, source->owner, source->chunks * sizeof *source->owner);
    memcpy(copy.alive, source->alive, source->chunks * sizeof *source->alive);
    memcpy(copy.spare, source->spare, source->chunks * sizeof *source->spare);
    memcpy(copy.blocks, source->blocks, source->chunks * sizeof *source->blocks);
    *target = copy;
}

bool reference_is_free(const struct reference *reference, uint32_t start, uint32_t count) {
    return start <= reference->available && count <= reference->available - start &&
           reference_free_from(reference, start, count) == count;
}

static void own(struct reference *reference, uint32_t start, uint32_t end, uint32_t owner) {
    for (uint32_t chunk = start; chunk < end; chunk++) {
        reference->owner[chunk] = owner;
    }
}

static void count_use(struct reference *reference, uint32_t end) {
    if (reference->peak < reference->used) {
        reference->peak = reference->used;
    }
    if (reference->touched < end) {
        reference->touched = end;
    }
}

uint32_t reference_add(struct reference *reference, uint32_t start, uint32_t count) {
    const uint32_t block = reference->spare[--reference->spares];
    reference->blocks[block] =
        (struct reference_block){.start = start, .chunks = count, .place = reference->live};
    reference->alive[reference->live++] = block;
    own(reference, start, start + count, block + 1);
    reference->used += count;
    count_use(reference, start + count);
    return block;
}

void reference_remove(struct reference *reference, uint32_t block) {
    const struct reference_block gone = reference->blocks[block];
    const uint32_t last = reference->alive[--reference->live];
    reference->alive[gone.place] = last;
    reference->blocks[last].place = gone.place;
    reference->spare[reference->spares++] = block;
    own(reference, gone.start, gone.start + gone.chunks, 0);
    reference->used -= gone.chunks;
}

void reference_resize(struct reference *reference, uint32_t block, uint32_t count) {
    struct reference_block *const resized = &reference->blocks[block];
    const uint32_t end = resized->start + resized->chunks;
    const uint32_t new_end = resized->start + count;
    own(reference, new_end, end, 0);
    own(reference, end, new_end, block + 1);
    reference->used = reference->used - resized->chunks + count;
    resized->chunks = count;
    count_use(reference, new_end);
}

uint32_t reference_block_at(const struct reference *reference, uint32_t chunk) {
    const uint32_t owner = chunk < reference->chunks ? reference->owner[chunk] : 0;
    return owner != 0 && reference->blocks[owner - 1].start == chunk ? owner - 1 : REFERENCE_NONE;
}

uint32_t reference_free_from(const struct reference *reference, uint32_t chunk, uint32_t limit) {
    uint32_t count = 0;
    while (count < limit && chunk + count < reference->available &&
           reference->owner[chunk + count] == 0) {
        count++;
    }
    return count;
}

uint32_t reference_free_below(const struct reference *reference, uint32_t chunk, uint32_t limit) {
    uint32_t count = 0;
    while (count < limit && count < chunk && reference->owner[chunk - 1 - count] == 0) {
        count++;
    }
    return count;
}

/* Calls judge for each free run of available chunks, in order, until it returns true. */
static bool any_free_run(const struct reference *reference,
                         bool (*judge)(void *context, uint64_t start, uint64_t length),
                         void *context) {
    uint32_t chunk = 0;
    while (chunk < reference->available) {
        const uint32_t owner = reference->owner[chunk];
        if (owner != 0) {
            chunk += reference->blocks[owner - 1].chunks;
            continue;
        }
        const uint32_t length = reference_free_from(reference, chunk, reference->available);
        if (judge(context, reference->base + chunk, length)) {
            return true;
        }
        chunk += length;
    }
    return false;
}

uint32_t reference_frontier(const struct reference *reference) {
    uint32_t frontier = reference->touched;
    while (frontier > 0 && reference->owner[frontier - 1] == 0) {
        frontier--;
    }
    return frontier;
}

struct runs {
    uint64_t frontier;
    uint64_t longest;
    uint32_t count;
};

static bool count_run(void *context, uint64_t start, uint64_t length) {
    struct runs *const runs = context;
    runs->count += start < runs->frontier;
    runs->longest = length > runs->longest ? length : runs->longest;
    return false;
}

uint32_t reference_free_runs(const struct reference *reference, uint32_t *longest) {
    struct runs runs = {.frontier = reference->base + reference_frontier(reference)};
    (void)any_free_run(reference, count_run, &runs);
    *longest = (uint32_t)runs.longest;
    return runs.count;
}

struct request {
    uint64_t count;
    uint64_t alignment;
    bool fits;       /* some run has a place for it */
    bool certain;    /* so has one of a list in which each run must */
    uint64_t looked; /* runs that the search may have come to before */
};

static bool judge(void *context, uint64_t start, uint64_t length) {
    struct request *const request = context;
    const uint64_t worst = request->count + request->alignment - 1;
    const uint64_t skip = (uint64_t)-start & (request->alignment - 1);
    request->fits |= length >= skip + request->count;
    request->certain |= length >= worst && (worst < 64 || (length - worst) * 32 >= worst);
    request->looked += length * 32 > request->count * 31;
    return false;
}

bool reference_must_find(const struct reference *reference, uint64_t count, uint64_t alignment) {
    struct request request = {.count = count, .alignment = alignment};
    if (count > reference->available || alignment > UINT32_MAX) {
        return false;
    }
    (void)any_free_run(reference, judge, &request);
    return request.certain || (request.fits && request.looked <= CHUNK_HEAP_SEARCH_MAX);
}

/* SPDX-License-Identifier: MIT */
/* How much bookkeeping a heap of 1 MiB or more may have: 0.3 % with chunks of 256 bytes, 2 % with
 * chunks of 16. And any heap: two bits a chunk, and what src/core/README.md says. */
#include <stdio.h>

#include <chunkmalloc/heap.h>

enum { MIB = 1 << 20 };

CHUNK_HEAP_DEFINE(coarse, MIB / 256, 256);
CHUNK_HEAP_DEFINE(fine, MIB / 16, 16);
CHUNK_HEAP_DEFINE(large, 64 * MIB / 16, 16);

static unsigned faults;

static void expect_at_most(size_t bookkeeping, size_t heap, size_t per_mille) {
    if (bookkeeping * 1000 > heap * per_mille) {
        (void)fprintf(stderr, "%zu bytes of bookkeeping for a heap of %zu: more than %zu in 1000\n",
                      bookkeeping, heap, per_mille);
        faults++;
    }
}

static void every_size(size_t chunk_size, size_t per_mille) {
    for (size_t chunks = MIB / chunk_size; chunks < 10 * MIB / chunk_size; chunks++) {
        expect_at_most(chunk_heap_bookkeeping_size(chunks, 0), chunks * chunk_size, per_mille);
    }
    for (size_t chunks = MIB / chunk_size; chunks <= CHUNK_HEAP_MAX_CHUNKS; chunks += chunks / 50) {
        expect_at_most(chunk_heap_bookkeeping_size(chunks, 0), chunks * chunk_size, per_mille);
    }
}

static void beside_the_bits(void) {
    for (size_t chunks = 1; chunks <= CHUNK_HEAP_MAX_CHUNKS; chunks += 1 + chunks / 500) {
        const size_t bookkeeping = chunk_heap_bookkeeping_size(chunks, 0);
        if (bookkeeping > chunks / 4 + 3640) {
            (void)fprintf(stderr, "%zu bytes of bookkeeping for %zu chunks\n", bookkeeping, chunks);
            faults++;
        }
    }
}

int main(void) {
    beside_the_bits();
    every_size(256, 3);
    every_size(16, 20);
    expect_at_most(sizeof coarse_bookkeeping + sizeof coarse, chunk_heap_capacity(&coarse), 3);
    expect_at_most(sizeof fine_bookkeeping + sizeof fine, chunk_heap_capacity(&fine), 20);
    expect_at_most(sizeof large_bookkeeping + sizeof large, chunk_heap_capacity(&large), 20);
    return faults != 0;
}

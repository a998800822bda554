/* SPDX-License-Identifier: MIT */
#include "bitmap.h"

enum { LEVELS_MAX = 6 };

static uint32_t words_of_level_0(const struct chunk_heap *heap) {
    return bits_words(heap->chunks);
}

static uint64_t *first_summary(const struct chunk_heap *heap) {
    return heap->bits + (size_t)words_of_level_0(heap) * 2;
}

void chunk_bitmap_summarise_set(const struct chunk_heap *heap, uint32_t word) {
    uint64_t *level = first_summary(heap);
    for (uint32_t below = words_of_level_0(heap); below > 1; below = bits_words(below)) {
        const bool was_empty = level[word / 64] == 0;
        level[word / 64] |= bits_one(word);
        if (!was_empty) {
            return;
        }
        word /= 64;
        level += bits_words(below);
    }
}

void chunk_bitmap_summarise_clear(const struct chunk_heap *heap, uint32_t word) {
    uint64_t *level = first_summary(heap);
    for (uint32_t below = words_of_level_0(heap); below > 1; below = bits_words(below)) {
        level[word / 64] &= ~bits_one(word);
        if (level[word / 64] != 0) {
            return;
        }
        word /= 64;
        level += bits_words(below);
    }
}

uint32_t chunk_bitmap_next_far(const struct chunk_heap *heap, uint32_t word, uint32_t limit) {
    const uint64_t *levels[LEVELS_MAX];
    const uint64_t *level = first_summary(heap);
    uint32_t below = words_of_level_0(heap);
    unsigned height = 0;
    for (;;) {
        if (below <= 1 || word >= below) {
            return limit;
        }
        chunk_require(height < LEVELS_MAX);
        levels[height] = level;
        const uint64_t found = level[word / 64] >> (word & 63);
        if (found != 0) {
            word += bits_lowest(found);
            break;
        }
        word = word / 64 + 1;
        level += bits_words(below);
        below = bits_words(below);
        height++;
    }
    while (height > 0) {
        height--;
        chunk_require(levels[height][word] != 0);
        word = word * 64 + bits_lowest(levels[height][word]);
    }
    const uint64_t starts = heap->bits[(size_t)word * 2];
    chunk_require(starts != 0);
    const uint32_t chunk = word * 64 + bits_lowest(starts);
    chunk_require(chunk < limit);
    return chunk;
}

uint32_t chunk_bitmap_previous_far(const struct chunk_heap *heap, uint32_t word) {
    const uint64_t *levels[LEVELS_MAX];
    const uint64_t *level = first_summary(heap);
    uint32_t below = words_of_level_0(heap);
    unsigned height = 0;
    for (;;) {
        /* Chunk 0 is always a start, so there is something below every word but the first. */
        chunk_require(word > 0 && below > 1 && height < LEVELS_MAX);
        word--;
        levels[height] = level;
        const uint64_t found = level[word / 64] & bits_up_to(word);
        if (found != 0) {
            word = (word & ~63u) + bits_highest(found);
            break;
        }
        word /= 64;
        level += bits_words(below);
        below = bits_words(below);
        height++;
    }
    while (height > 0) {
        height--;
        chunk_require(levels[height][word] != 0);
        word = word * 64 + bits_highest(levels[height][word]);
    }
    const uint64_t starts = heap->bits[(size_t)word * 2];
    chunk_require(starts != 0);
    return word * 64 + bits_highest(starts);
}

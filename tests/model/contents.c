/* SPDX-License-Identifier: MIT */
#include "machine.h"

/* Of each block these words are marked: the first few, and the first and last of each chunk. */
enum { MARKED_FULLY = 64 };

static uint32_t next_marked(uint32_t word, uint32_t words_a_chunk) {
    word++;
    const uint32_t within = word % words_a_chunk;
    return word < MARKED_FULLY || within == 0 ? word : word - within + words_a_chunk - 1;
}

static uint32_t words_of_chunk(const struct machine *machine) {
    return machine->shape.chunk_size / (uint32_t)sizeof(uint64_t);
}

void machine_mark(struct machine *machine, uint32_t block) {
    struct reference_block *const marked = &machine->reference.blocks[block];
    unsigned char *const bytes = machine_address(machine, marked->start);
    const uint32_t step = words_of_chunk(machine);
    marked->pattern = ++machine->patterns;
    for (uint32_t word = 0; word < marked->chunks * step; word = next_marked(word, step)) {
        const uint64_t value = pattern_word(marked->pattern, word);
        memcpy(bytes + (size_t)word * sizeof value, &value, sizeof value);
    }
}

void machine_verify_at(const struct machine *machine, const unsigned char *bytes, uint32_t chunks,
                       uint32_t pattern) {
    const uint32_t step = words_of_chunk(machine);
    for (uint32_t word = 0; word < chunks * step; word = next_marked(word, step)) {
        uint64_t value;
        memcpy(&value, bytes + (size_t)word * sizeof value, sizeof value);
        if (value != pattern_word(pattern, word)) {
            machine_fail(machine, "contents changed at word %u of the block at chunk %zu", word,
                         (size_t)(bytes - machine->memory.bytes) / machine->shape.chunk_size);
        }
    }
}

void machine_verify(const struct machine *machine, uint32_t block, uint32_t chunks) {
    const struct reference_block *const verified = &machine->reference.blocks[block];
    machine_verify_at(machine, machine_address(machine, verified->start), chunks,
                      verified->pattern);
}

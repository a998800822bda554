/* SPDX-License-Identifier: MIT */
/*
 * The section: a part of the library's image that is all zero, takes no space in its file, and is
 * loaded read-only. C has no way to ask for "allocated, no contents, not writable".
 */
#include "region.h"
#include "slab.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#define HEAP_BYTES TEXT(CM_SECTION_SIZE)

/* Where the linker cannot be relied on to give the section a read-only segment of its own, it is an
 * ordinary writable one: the same, but that all of it counts as memory in use from the start. */
#ifdef CM_SECTION_WRITABLE
#define SECTION ".bss.chunkheap, \"aw\""
const bool cm_section_is_writable = true;
#else
#define SECTION ".chunkheap, \"a\""
const bool cm_section_is_writable = false;
#endif

/* Not every loader heeds an alignment above a page: the tests try what happens without. */
#ifndef CM_SECTION_SHIFT
#define CM_SECTION_SHIFT 0
#endif

/* clang-format off */
__asm__(".pushsection " SECTION ", @nobits\n"
        ".balign 65536\n"
        ".globl cm_section_map, cm_section_heap, cm_section_nodes, cm_section_slabs\n"
        ".hidden cm_section_map, cm_section_heap, cm_section_nodes, cm_section_slabs\n"
        ".type cm_section_map, @object\n"
        ".type cm_section_heap, @object\n"
        ".type cm_section_nodes, @object\n"
        ".type cm_section_slabs, @object\n"
        ".size cm_section_map, " TEXT(CM_KINDS_SIZE) "\n"
        ".size cm_section_heap, " HEAP_BYTES "\n"
        ".size cm_section_nodes, " HEAP_BYTES " / 512\n"
        ".size cm_section_slabs, (" HEAP_BYTES " / 65536 + 1) * " TEXT(CM_SLAB_ROW) "\n"
        ".zero " TEXT(CM_SECTION_SHIFT) "\n"
        "cm_section_map: .zero " TEXT(CM_KINDS_SIZE) "\n"
        "cm_section_heap: .zero " HEAP_BYTES "\n"
        "cm_section_nodes: .zero " HEAP_BYTES " / 512\n"
        ".balign 65536\n"
        "cm_section_slabs: .zero (" HEAP_BYTES " / 65536 + 1) * " TEXT(CM_SLAB_ROW) "\n"
        ".balign 65536\n"
        ".popsection\n");
/* clang-format on */

_Static_assert(CM_SECTION_SIZE % (1 << 20) == 0, "the heap's size is a whole number of MiB");
_Static_assert(sizeof(struct chunk_node) << 9 == CM_CHUNK_SIZE, "a node is 1/512 of a chunk");
enum { CM_NODE_SHIFT = CM_CHUNK_SHIFT - 9 };
_Static_assert(CM_KINDS_SIZE >= CM_SECTION_CHUNKS + (CM_KINDS_SIZE >> CM_CHUNK_SHIFT),
               "the kind map has an entry for each chunk of the heap and of itself");
_Static_assert(sizeof(struct cm_slab) == CM_SLAB_ROW, "CM_SLAB_ROW is the size of a slab's row");
_Static_assert(CM_SECTION_SIZE <= (1536u << 20), "code reaches only 2 GiB: use heap_size <= 1536");

CM_HIDDEN extern unsigned char cm_section_nodes[];
CM_HIDDEN extern struct cm_slab cm_section_slabs[];

/* In this order, so that a small heap needs a page or two of it. */
static struct {
    struct chunk_heap_state state;
    uint32_t maps[CHUNK_HEAP_ROWS_(CM_SECTION_CHUNKS)];
    chunk_link heads[CHUNK_HEAP_ROWS_(CM_SECTION_CHUNKS) * 32];
    chunk_word bits[CHUNK_HEAP_BITS_WORDS_(CM_SECTION_CHUNKS)];
    uint64_t touched[CM_SECTION_CHUNKS / 64];
} section;
struct cm_region_use cm_section_use;

const struct cm_region cm_section = {
    .heap =
        {
            .memory = cm_section_heap,
            .nodes = cm_section_nodes,
            .bits = section.bits,
            .state = &section.state,
            .maps = section.maps,
            .heads = section.heads,
            .misuse = cm_heap_is_corrupt,
            .chunks = CM_SECTION_CHUNKS,
            .chunk_shift = CM_CHUNK_SHIFT,
            .node_shift = CM_NODE_SHIFT,
            .grows = true,
        },
    .kinds = cm_section_map + (CM_KINDS_SIZE >> CM_CHUNK_SHIFT),
    .touched = section.touched,
    .slabs = cm_section_slabs,
    .use = &cm_section_use,
};

/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_CONFIG_H
#define CHUNKMALLOC_HOST_CONFIG_H

/* Sizes of the hosted heap that everything above the core agrees on. */

#include <stddef.h>
#include <stdint.h>

/* Bytes of the static heap, a decimal literal that the assembler can read too: meson's heap_size.
 */
#ifndef CM_SECTION_SIZE
#define CM_SECTION_SIZE 1073741824
#endif

#define CM_CHUNK_SHIFT 12
#define CM_CHUNK_SIZE ((size_t)1 << CM_CHUNK_SHIFT)
#define CM_SECTION_CHUNKS (CM_SECTION_SIZE >> CM_CHUNK_SHIFT)

/* A slab is one aligned run, so that a block's offset in its slab is a mask of its address. */
#define CM_SLAB_SHIFT 16
#define CM_SLAB_SIZE ((size_t)1 << CM_SLAB_SHIFT)
#define CM_SLAB_CHUNKS (CM_SLAB_SIZE >> CM_CHUNK_SHIFT)

/* Bytes of a slab's bookkeeping; a literal because the assembler needs it. */
#define CM_SLAB_ROW 552

/* Bytes of the section's kind map, which lies before its heap; a form that the assembler can read
 * too. It also has entries for the chunks that it takes itself, always 0. */
#define CM_KINDS_SIZE ((CM_SECTION_SIZE / 4096 + 4096 + 65535) / 65536 * 65536)

#define CM_HIDDEN __attribute__((visibility("hidden")))
/* For functions that look at what other threads may be changing, and say why that does no harm. */
#define CM_RACES_ON_PURPOSE __attribute__((no_sanitize("thread")))
#define CM_COLD __attribute__((noinline, cold))
/* Of what is called in few places, each of which counts its instructions. */
#define CM_INLINE static inline __attribute__((always_inline))

static inline int cm_unlikely(int condition) {
    return __builtin_expect(condition, 0) != 0;
}

#endif

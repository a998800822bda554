/* SPDX-License-Identifier: MIT */
/*
 * zlib on a heap of 512 KiB: a text is compressed and restored, and a second compressor for which
 * there is no room is refused.
 */
#include "ending.h"

#include <chunkmalloc/callbacks.h>

#include <limits.h>
#include <zlib.h>

CHUNK_HEAP_DEFINE(heap, 8192, 64);

enum { TEXT_SIZE = 1 << 18 };

static unsigned char text[TEXT_SIZE];
static unsigned char packed[TEXT_SIZE];
static unsigned char restored[TEXT_SIZE];

static z_stream stream_on_heap(void) {
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    stream.zalloc = chunk_callback_alloc_items;
    stream.zfree = chunk_callback_free;
    stream.opaque = (void *)&heap;
    return stream;
}

/* Of words of six letters, so that there is something to compress. */
static void write_text(void) {
    static const char words[][6] = {"chunk ", "bitmap", "index ", "marks ", "heaps\n"};
    struct support_random random = {.state = 1};
    for (size_t length = 0; length + sizeof *words <= TEXT_SIZE; length += sizeof *words) {
        memcpy(text + length, words[random_below(&random, sizeof words / sizeof *words)],
               sizeof *words);
    }
}

static size_t pack(void) {
    z_stream stream = stream_on_heap();
    CHECK(deflateInit(&stream, Z_BEST_COMPRESSION) == Z_OK);
    CHECK(chunk_heap_contains(&heap, stream.state));
    stream.next_in = text;
    stream.avail_in = TEXT_SIZE;
    stream.next_out = packed;
    stream.avail_out = TEXT_SIZE;
    CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);

    z_stream second = stream_on_heap();
    CHECK(deflateInit(&second, Z_BEST_COMPRESSION) == Z_MEM_ERROR);

    CHECK(deflateEnd(&stream) == Z_OK);
    return stream.total_out;
}

static void restore(size_t size) {
    z_stream stream = stream_on_heap();
    CHECK(inflateInit(&stream) == Z_OK);
    CHECK(chunk_heap_contains(&heap, stream.state));
    stream.next_in = packed;
    stream.avail_in = (uInt)size;
    stream.next_out = restored;
    stream.avail_out = TEXT_SIZE;
    CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
    CHECK(inflateEnd(&stream) == Z_OK);
    CHECK(stream.total_out == TEXT_SIZE && memcmp(text, restored, TEXT_SIZE) == 0);
}

int main(void) {
    write_text();
    const size_t size = pack();
    CHECK(size > 0 && size < TEXT_SIZE / 2);
    restore(size);
    CHECK(chunk_callback_alloc_items((void *)&heap, UINT_MAX, UINT_MAX) == NULL);
    CHECK(chunk_callback_calloc((void *)&heap, SIZE_MAX / 2, 3) == NULL);
    check_ending("zlib", &heap);
    return 0;
}

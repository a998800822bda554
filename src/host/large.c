/* SPDX-License-Identifier: MIT */
#include "large.h"

#include "inside.h"
#include <core/run.h>
#include <string.h>

void *cm_large_alloc(size_t size, size_t alignment, enum cm_large_wish wish) {
    const uint64_t length = size != 0 ? cm_large_chunks(size) : 1;
    const uint64_t align = alignment > CM_CHUNK_SIZE ? alignment >> CM_CHUNK_SHIFT : 1;
    if (length > CHUNK_HEAP_MAX_CHUNKS || align > CHUNK_HEAP_MAX_CHUNKS) {
        return NULL;
    }
    const struct cm_run_request request = {
        .length = (uint32_t)length,
        .align = (uint32_t)align,
        .kind = CM_KIND_LARGE,
        .will_grow = wish == CM_LARGE_GROWING,
    };
    struct cm_run_news news;
    if (!cm_enter()) {
        return NULL;
    }
    const struct cm_run run = cm_runs_alloc(&request, &news);
    cm_leave();
    if (run.region == NULL) {
        return NULL;
    }
    unsigned char *const block = cm_chunk_address(run.region, run.chunk);
    if (wish == CM_LARGE_ZEROED) {
        memset(block, 0, (size_t)(length - news.fresh) << CM_CHUNK_SHIFT);
    }
    return block;
}

bool cm_large_resize(struct cm_run run, size_t size) {
    const uint64_t length = cm_large_chunks(size);
    if (length > CHUNK_HEAP_MAX_CHUNKS || !cm_enter()) {
        return false;
    }
    const bool resized = cm_runs_resize(run, (uint32_t)length);
    cm_leave();
    return resized;
}

size_t cm_large_size(struct cm_run run) {
    return (size_t)cm_runs_length(run) << CM_CHUNK_SHIFT;
}

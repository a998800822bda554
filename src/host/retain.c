/* SPDX-License-Identifier: MIT */
#include "retain.h"

enum {
    MOST = 8192, /* chunks: 32 MiB */
    DEEPEST = 6, /* 1/64 of the peak counts as nearly nothing */
    SOON = 4,    /* taking less than this many times what was given is "just given back" */
    WINDOW = 8   /* freeing more than this many times what is used shows what is surplus */
};

void cm_retain_at_least(struct cm_retain *retain, uint64_t chunks) {
    retain->least = chunks;
    retain->floor = chunks;
}

static void regret(struct cm_retain *retain) {
    if (retain->depth < DEEPEST) {
        retain->depth++;
    } else if (retain->floor * 2 <= MOST) {
        retain->floor *= 2;
    }
}

static void relax(struct cm_retain *retain) {
    if (retain->floor / 2 >= retain->least) {
        retain->floor /= 2;
    } else if (retain->depth > 1) {
        retain->depth--;
    }
}

void cm_retain_took(struct cm_retain *retain, uint64_t chunks, uint64_t again, uint64_t used,
                    uint64_t dirty) {
    retain->peak = used > retain->peak ? used : retain->peak;
    retain->lowest = dirty < retain->lowest ? dirty : retain->lowest;
    if (retain->given == 0) {
        return;
    }
    retain->taken += chunks;
    retain->again += again;
    if (retain->again > retain->given / 2) {
        regret(retain);
        retain->given = 0;
    } else if (retain->taken > retain->given * SOON) {
        relax(retain);
        retain->given = 0;
    }
}

static bool has_shrunk(struct cm_retain *retain, uint64_t used, uint64_t dirty, uint64_t *keep) {
    *keep = used / 8 + retain->floor / 2;
    if (dirty <= used / 4 + retain->floor || used > retain->peak >> retain->depth) {
        return false;
    }
    retain->peak = used;
    retain->given = dirty - *keep;
    retain->taken = 0;
    retain->again = 0;
    return true;
}

static bool has_surplus(struct cm_retain *retain, uint64_t used, uint64_t dirty, uint64_t *keep) {
    if (retain->freed < used * WINDOW || retain->freed < retain->floor * WINDOW) {
        return false;
    }
    const uint64_t lowest = retain->lowest;
    retain->freed = 0;
    retain->lowest = dirty;
    *keep = dirty - lowest + retain->floor;
    return lowest > retain->floor;
}

bool cm_retain_freed(struct cm_retain *retain, uint64_t chunks, uint64_t used, uint64_t dirty,
                     uint64_t *keep) {
    retain->freed += chunks;
    return has_shrunk(retain, used, dirty, keep) || has_surplus(retain, used, dirty, keep);
}

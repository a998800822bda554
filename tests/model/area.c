/* SPDX-License-Identifier: MIT */
#include "area.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void need(int condition, const char *what) {
    if (!condition) {
        perror(what);
        abort();
    }
}

struct area area_create(size_t size, size_t slack) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t inner = (size + slack + page - 1) / page * page;
    const size_t mapped = inner + 2 * page;
    unsigned char *const mapping =
        mmap(NULL, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    need(mapping != MAP_FAILED, "mmap");
    need(mprotect(mapping + page, inner, PROT_READ | PROT_WRITE) == 0, "mprotect");
    return (struct area){
        .bytes = mapping + page + inner - slack - size,
        .size = size,
        .mapping = mapping,
        .mapped = mapped,
    };
}

void area_destroy(const struct area *area) {
    need(munmap(area->mapping, area->mapped) == 0, "munmap");
}

void area_forbid(const struct area *area) {
    need(mprotect(area->mapping, area->mapped, PROT_NONE) == 0, "mprotect");
}

/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MODEL_AREA_H
#define TESTS_MODEL_AREA_H

#include <stddef.h>

/* Zero-filled memory with an inaccessible page on either side. */
struct area {
    unsigned char *bytes;
    size_t size;
    unsigned char *mapping;
    size_t mapped;
};

/* The area ends slack bytes below the inaccessible page above it. */
struct area area_create(size_t size, size_t slack);
void area_destroy(const struct area *area);

/* From now on every access to the area's pages ends the program. */
void area_forbid(const struct area *area);

#endif

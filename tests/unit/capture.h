/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CAPTURE_H
#define TESTS_UNIT_CAPTURE_H

/* What is written to a descriptor, as text. */

#include <stddef.h>

struct capture {
    int fd; /* to write to */
    int read_end;
    size_t size;
    char text[8192];
};

/* Between the two, at most as much may be written as a pipe and text hold. */
void capture_begin(struct capture *capture);
void capture_end(struct capture *capture);

/* Lines in it; fails the test if the last one has no end. */
size_t capture_lines(const struct capture *capture);

#endif

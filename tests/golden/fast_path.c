/* SPDX-License-Identifier: MIT */
/* fast_path WHAT TIMES: for each size class, as often, what a magazine serves without a lock. */
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 44 };

/* The size of the class with this number, from 1: steps of 16 to 128, then four per doubling, but
 * eight from 4096 to 8192. */
static size_t class_size(unsigned number) {
    if (number > 28 && number <= 36) {
        return 4096 + (size_t)(number - 28) * 512;
    }
    if (number > 36) {
        number -= 4;
    }
    if (number <= 8) {
        return (size_t)number * 16;
    }
    const unsigned step = (number - 9) % 4 + 1;
    const size_t base = (size_t)128 << ((number - 9) / 4);
    return base + base / 4 * step;
}

static void *volatile keep;

static void run(const char *what, size_t size) {
    if (strcmp(what, "malloc") == 0) {
        keep = malloc(size);
        free(keep);
    } else if (strcmp(what, "calloc") == 0) {
        keep = calloc(1, size);
        free(keep);
    } else {
        keep = realloc(keep, size - 15);
    }
}

int main(int argc, char **argv) {
    if (argc != 3) {
        return 2;
    }
    const long times = strtol(argv[2], NULL, 10);
    for (unsigned number = 1; number <= CLASSES; number++) {
        const size_t size = class_size(number);
        keep = strcmp(argv[1], "realloc") == 0 ? malloc(size) : NULL;
        for (long i = 0; i < times; i++) {
            run(argv[1], size);
        }
        if (strcmp(argv[1], "realloc") == 0) {
            free(keep);
        }
    }
    return 0;
}

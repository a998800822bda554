/* SPDX-License-Identifier: MIT */
/*
 * Usage: model_fuzz FILE...            plays the files
 *        model_fuzz --make SEED FILE   makes one
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tape.h"

enum { SIZE_MAX_OF_FILE = 1 << 16 };

static FILE *open_or_end(const char *name, const char *mode) {
    FILE *const file = fopen(name, mode);
    if (file == NULL) {
        perror(name);
        exit(2);
    }
    return file;
}

static void play(const char *name) {
    static uint8_t data[SIZE_MAX_OF_FILE];
    FILE *const file = open_or_end(name, "rb");
    const size_t size = fread(data, 1, sizeof data, file);
    (void)fclose(file);
    if (size == 0) {
        (void)fprintf(stderr, "%s: empty or unreadable\n", name);
        exit(2);
    }
    (void)LLVMFuzzerTestOneInput(data, size);
    (void)printf("%s: %zu bytes played\n", name, size);
}

static void make(const char *seed, const char *name) {
    struct tape tape = tape_from_seed(strtoull(seed, NULL, 0));
    FILE *const file = open_or_end(name, "wb");
    const uint32_t size = SIZE_MAX_OF_FILE / 8 + tape_draw(&tape, SIZE_MAX_OF_FILE / 4);
    for (uint32_t i = 0; i < size; i++) {
        (void)fputc((int)tape_draw(&tape, 256), file);
    }
    if (fclose(file) != 0) {
        perror(name);
        exit(2);
    }
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[1], "--make") == 0) {
        make(argv[2], argv[3]);
        return 0;
    }
    if (argc < 2 || argv[1][0] == '-') {
        (void)fprintf(stderr, "usage: model_fuzz FILE... | --make SEED FILE\n");
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        play(argv[i]);
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Usage: PROGRAM FILE...
 *
 * Plays the inputs in the files: before each stand two bytes, its size, the lower first.
 */
#include "fuzz.h"

static size_t read_bytes(FILE *file, void *bytes, size_t size) {
    const size_t got = fread(bytes, 1, size, file);
    CHECK(got == size || (got == 0 && feof(file)));
    return got;
}

static size_t play_file(const char *name) {
    FILE *const file = fopen(name, "rb");
    if (file == NULL) {
        perror(name);
        exit(2);
    }
    size_t inputs = 0;
    for (uint8_t head[2]; read_bytes(file, head, sizeof head) != 0; inputs++) {
        /* Of its own size, so that a sanitizer sees reads behind its end. */
        const size_t size = head[0] | (size_t)head[1] << 8;
        uint8_t *const data = malloc(size != 0 ? size : 1);
        CHECK(data != NULL && read_bytes(file, data, size) == size);
        (void)LLVMFuzzerTestOneInput(data, size);
        free(data);
    }
    (void)fclose(file);
    return inputs;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const size_t inputs = play_file(argv[i]);
        (void)printf("%s: %zu inputs played\n", argv[i], inputs);
        CHECK(inputs > 0);
    }
    return argc > 1 ? 0 : 2;
}

/* SPDX-License-Identifier: MIT */
/*
 * address_space BITS
 *
 * In a process whose address space is that small: the library's section is loaded, a second region
 * is found for what does not fit into it, and more than there is is refused.
 */
#include "library.h"

#include <sys/mman.h>

enum { BLOCKS = 8 };

static const size_t block_size = 192 * SUPPORT_MIB; /* six of them do not fit into 1 GiB */

static void check_bounds(size_t bits) {
    char line[512];
    size_t mappings = 0;
    FILE *const file = fopen("/proc/self/maps", "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        const char *const end = strchr(line, '-');
        CHECK(end != NULL && strtoul(end + 1, NULL, 16) <= (size_t)1 << bits);
        mappings++;
    }
    CHECK(fclose(file) == 0 && mappings > 0);
    CHECK((uintptr_t)line >> bits == 0);
    CHECK(mmap(NULL, (size_t)1 << bits, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
               0) == MAP_FAILED);
}

int main(int argc, char **argv) {
    support_begin(100);
    CHECK(argc == 2);
    const size_t bits = strtoul(argv[1], NULL, 10);
    check_bounds(bits);

    unsigned char *blocks[BLOCKS];
    const size_t section = library_stats().heap_limit;
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(hide_size(block_size));
        CHECK(blocks[i] != NULL && (uintptr_t)blocks[i] + block_size <= (uintptr_t)1 << bits);
        CHECK(library_owns(blocks[i]) == library_present());
        pattern_fill(blocks[i], 4096, i);
        blocks[i][block_size - 1] = (unsigned char)i;
    }
    CHECK(!library_present() || library_stats().heap > section || section >= BLOCKS * block_size);
    errno = 0;
    CHECK(malloc(hide_size((size_t)1 << bits)) == NULL && errno == ENOMEM);
    check_library();
    for (size_t i = 0; i < BLOCKS; i++) {
        CHECK(pattern_holds(blocks[i], 4096, i) && blocks[i][block_size - 1] == i);
        free(blocks[i]);
    }
    check_library();
    return 0;
}

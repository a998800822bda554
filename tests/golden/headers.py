# SPDX-License-Identifier: MIT
"""Usage: headers.py INCLUDE_DIRECTORY

Every public header compiles on its own, twice in one file, and where it is used, as C99, C11, C17,
C++11, C++17 and C++20, without a warning, with each of gcc, g++, clang and clang++ that is there.
"""

import pathlib
import sys

from compilers import complaint, installed

WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Wcast-align -Werror".split()
FREESTANDING = {"heap.h", "locked.h"}

USE = {
    "heap.h": """
CHUNK_HEAP_DEFINE(first);
CHUNK_HEAP_DEFINE(second, 100);
CHUNK_HEAP_DEFINE(third, 100, 16);
CHUNK_HEAP_DEFINE(fourth, 64, 65536, 0);
CHUNK_HEAP_DEFINE(fifth, 3, 64, 0, CHUNK_HEAP_NODES_OUTSIDE);
char bytes[CHUNK_HEAP_BOOKKEEPING_SIZE(1000, CHUNK_HEAP_GROWS)];
void *use(void);
void *use(void) {
    return chunk_heap_usage(&first) != 0 ? chunk_alloc(&second, 1) : chunk_alloc(&third, 2);
}
""",
    "locked.h": """
CHUNK_HEAP_DEFINE(heap, 10, 16);
static struct chunk_spin spin;
static const struct chunk_locked_heap locked = {&heap, CHUNK_LOCK_SPIN(&spin)};
void *use(void);
void *use(void) { return chunk_locked_alloc(&locked, 1); }
""",
    "mutex.h": """
CHUNK_HEAP_DEFINE(heap, 10, 16);
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const struct chunk_locked_heap locked = {&heap, CHUNK_LOCK_MUTEX(&mutex)};
void *use(void);
void *use(void) { return chunk_locked_alloc(&locked, 1); }
""",
    "chunkmalloc.h": """
const char *use(struct chunkmalloc_stats *stats);
const char *use(struct chunkmalloc_stats *stats) {
    return chunkmalloc_get_stats(stats, sizeof *stats) != 0 ? chunkmalloc_version() : "";
}
""",
}


def main():
    include = pathlib.Path(sys.argv[1])
    faults = []
    names = sorted(path.name for path in (include / "chunkmalloc").glob("*.h"))
    if names != sorted(USE):
        faults.append(f"headers are {names}, but this test knows {sorted(USE)}")
    for compiler, standard in installed():
        for name, use in USE.items():
            line = f"#include <chunkmalloc/{name}>\n"
            flags = [*WARNINGS, f"-I{include}"]
            if name in FREESTANDING:
                flags.append("-ffreestanding")
            said = complaint(compiler, standard, flags, line + line + use)
            if said is not None:
                faults.append(f"{compiler} -std={standard} {name}:\n{said}")
    sys.exit("\n".join(faults) or 0)


main()

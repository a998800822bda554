# SPDX-License-Identifier: MIT
"""Usage: headers.py INCLUDE_DIRECTORY

Every public header compiles on its own, twice in one file, and where it is used, as C99, C11, C17,
C++11, C++17 and C++20, without a warning, with each of the compilers in compilers.py that is there,
for 32 bits and for big-endian machines as well. One for C++ only does so as C++17 and C++20, also
without exceptions and RTTI, and freestanding. One for a library whose header is not there is left
out.
"""

import pathlib
import sys

from compilers import complaint, installed

WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Wcast-align -Werror".split()
FREESTANDING = {"callbacks.h", "heap.h", "locked.h", "lua.h"}
FOR_CPP = {"allocator.hpp": ["c++17", "c++20"]}
CPP_VARIANTS = [[], ["-fno-exceptions", "-fno-rtti"], ["-ffreestanding"]]
NEEDS = {"sqlite.h": "sqlite3.h"}

USE = {
    "allocator.hpp": """
CHUNK_HEAP_DEFINE(heap, 10, 16);
int *use(const chunk_locked_heap &locked);
int *use(const chunk_locked_heap &locked) {
    chunkmalloc::allocator<int> own(heap);
    chunkmalloc::allocator<int, chunk_locked_heap> shared(locked);
    own.deallocate(own.allocate(3), 3);
#if defined(__cpp_lib_memory_resource)
    chunkmalloc::memory_resource resource(heap);
    chunkmalloc::memory_resource shared_resource(locked);
    if (resource == shared_resource) {
        return static_cast<int *>(resource.allocate(1));
    }
#elif __STDC_HOSTED__ && defined(__GLIBCXX__)
#error "this library has memory resources"
#endif
    return own != chunkmalloc::allocator<char>(heap) ? nullptr : shared.allocate(7);
}
""",
    "callbacks.h": """
CHUNK_HEAP_DEFINE(heap, 10, 16);
static struct chunk_spin spin;
static const struct chunk_locked_heap locked = {&heap, CHUNK_LOCK_SPIN(&spin)};
CHUNK_CALLBACKS_DEFINE(own, &heap);
CHUNK_LOCKED_CALLBACKS_DEFINE(shared, &locked);
CHUNK_OPENSSL_CALLBACKS_DEFINE(crypto, &locked);
void *use(void *(**alloc)(void *, unsigned, unsigned));
void *use(void *(**alloc)(void *, unsigned, unsigned)) {
    *alloc = chunk_callback_alloc_items;
    own_free(shared_realloc(own_calloc(1, 2), 3));
    return crypto_alloc(1, "", 1);
}
""",
    "lua.h": """
CHUNK_HEAP_DEFINE(heap, 10, 16);
void *use(void *(**alloc)(void *, void *, size_t, size_t));
void *use(void *(**alloc)(void *, void *, size_t, size_t)) {
    *alloc = chunk_locked_lua_alloc;
    return chunk_lua_alloc((void *)&heap, NULL, 0, 1);
}
""",
    "sqlite.h": """
int use(const struct chunk_locked_heap *locked);
int use(const struct chunk_locked_heap *locked) {
    sqlite3_mem_methods methods = chunk_sqlite_methods(locked);
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}
""",
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


def variants(name, standard):
    """The sets of flags with which the header is to be compiled as that standard."""
    if name in FOR_CPP:
        return CPP_VARIANTS if standard in FOR_CPP[name] else []
    return [["-ffreestanding"]] if name in FREESTANDING else [[]]


def lacks(compiler, standard, name):
    needed = NEEDS.get(name)
    return needed and complaint(compiler, standard, [], f"#include <{needed}>\n") is not None


def main():
    include = pathlib.Path(sys.argv[1])
    faults = []
    names = sorted(path.name for path in (include / "chunkmalloc").glob("*.h*"))
    if names != sorted(USE):
        faults.append(f"headers are {names}, but this test knows {sorted(USE)}")
    for compiler, standard in installed():
        for name, use in USE.items():
            if lacks(compiler, standard, name):
                print(f"{compiler} -std={standard}: no {NEEDS[name]}, {name} is left out")
                continue
            line = f"#include <chunkmalloc/{name}>\n"
            for variant in variants(name, standard):
                flags = [*WARNINGS, f"-I{include}", *variant]
                said = complaint(compiler, standard, flags, line + line + use)
                if said is not None:
                    faults.append(f"{' '.join([compiler, *variant])} -std={standard} {name}:\n{said}")
    sys.exit("\n".join(faults) or 0)


main()

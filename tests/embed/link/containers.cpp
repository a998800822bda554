/* SPDX-License-Identifier: MIT */
/*
 * Containers in a program that has the allocator linked in, in whatever way. Operator new's calls
 * of malloc reach it unless the C++ library is a shared one and only the program's calls are
 * wrapped.
 *
 * usage: containers ours|theirs: whose are the blocks that the C++ library allocates?
 */
#include "../ending.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <cxxabi.h>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <chunkmalloc/chunkmalloc.h>

namespace {

bool ours;

bool rightly_owned(const void *block) {
    return chunkmalloc_owns(block) == ours;
}

void vectors() {
    constexpr long count = 1 << 17;
    std::vector<int> numbers;
    for (int i = 0; i < count; i++) {
        numbers.push_back(i ^ 0x2a);
    }
    check(rightly_owned(numbers.data()), "the vector's memory is whose it should be");
    std::sort(numbers.begin(), numbers.end());
    check(std::accumulate(numbers.begin(), numbers.end(), 0L) == count * (count - 1) / 2, "sum");
}

void strings_and_maps() {
    std::map<std::string, std::unique_ptr<std::string>> ordered;
    std::unordered_map<std::string, int> hashed;
    for (int i = 0; i < 5000; i++) {
        const std::string key =
            "a key that does not fit into the string itself " + std::to_string(i);
        ordered[key] = std::make_unique<std::string>(key);
        hashed[key] = i;
    }
    for (const auto &[key, text] : ordered) {
        check(key == *text && rightly_owned(text.get()), "the string is right");
        check(hashed.at(key) >= 0, "both maps have the key");
    }
    for (int i = 0; i < 5000; i += 2) {
        ordered.erase(ordered.begin());
    }
    check(ordered.size() == 2500, "half are left");
}

struct alignas(256) Wide {
    unsigned char bytes[256];
};

void aligned_objects() {
    const auto wide = std::make_unique<Wide[]>(10);
    check(reinterpret_cast<std::uintptr_t>(wide.get()) % 256 == 0, "over-aligned objects are so");
    check(rightly_owned(wide.get()), "over-aligned objects are whose they should be");
}

void too_much() {
    bool caught = false;
    try {
        volatile std::size_t huge = PTRDIFF_MAX - 5;
        (void)::operator new(huge);
    } catch (const std::bad_alloc &) {
        caught = true;
    }
    check(caught, "bad_alloc is thrown");
}

/* A block that the C++ library allocates and the program frees, and, where both have the same
 * allocator, one that the program allocates and the C++ library resizes. */
void demangling() {
    int status = 0;
    char *const name = abi::__cxa_demangle("St6vectorIiSaIiEE", nullptr, nullptr, &status);
    check(name != nullptr && status == 0 && rightly_owned(name), "a name is demangled");
    std::free(name);
    if (ours) {
        std::size_t size = 4;
        auto *const small = static_cast<char *>(std::malloc(size));
        char *const grown = abi::__cxa_demangle("St6vectorIiSaIiEE", small, &size, &status);
        check(grown != nullptr && chunkmalloc_owns(grown) && size > 4, "the buffer has grown");
        std::free(grown);
    }
    auto *const plain = static_cast<char *>(std::malloc(100));
    check(chunkmalloc_owns(plain), "the program's own blocks are ours");
    std::free(plain);
}

} // namespace

int main(int argc, char **argv) {
    check(argc == 2, "one argument");
    ours = std::strcmp(argv[1], "ours") == 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back([] {
            vectors();
            strings_and_maps();
            aligned_objects();
            demangling();
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    too_much();
    check(chunkmalloc_check() == nullptr, "the heap is sound");
    (void)std::puts("containers: all is well");
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Containers in a program that embeds libchunkmalloc.a. With the C++ library linked in statically,
 * operator new is part of the program, and so are its calls of malloc.
 */
#include "ending.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <chunkmalloc/chunkmalloc.h>

namespace {

void vectors() {
    constexpr long count = 1 << 17;
    std::vector<int> numbers;
    for (int i = 0; i < count; i++) {
        numbers.push_back(i ^ 0x2a);
    }
    check(chunkmalloc_owns(numbers.data()), "the vector's memory is ours");
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
        check(key == *text && chunkmalloc_owns(text.get()), "the string is ours and right");
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
    check(chunkmalloc_owns(wide.get()), "over-aligned objects are ours");
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

} // namespace

int main() {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back([] {
            vectors();
            strings_and_maps();
            aligned_objects();
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

/* SPDX-License-Identifier: MIT */
/*
 * Compiled without exceptions and without RTTI: containers on a chunk heap work, and its end is the
 * program's, by way of std::terminate.
 */
#include <chunkmalloc/allocator.hpp>

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

CHUNK_HEAP_DEFINE(heap, 4096, 16);

const char *stage = "containers";
const chunkmalloc::memory_resource resource(heap);

[[noreturn]] void on_terminate() {
    const bool expected =
        stage == nullptr && chunk_heap_check(&heap, CHUNK_CHECK_EXHAUSTIVE) == nullptr;
    (void)std::fputs(expected ? "no_exceptions: all is well\n" : "no_exceptions: too early\n",
                     stderr);
    std::_Exit(expected ? 0 : 1);
}

bool containers_work() {
    std::vector<int, chunkmalloc::allocator<int>> numbers(heap);
    for (int i = 0; i < 1000; i++) {
        numbers.push_back(i);
    }
    return numbers[999] == 999 && chunk_heap_contains(&heap, numbers.data());
}

} // namespace

int main() {
    (void)std::set_terminate(on_terminate);
    chunkmalloc::memory_resource own(heap);
    if (!containers_work() || own == resource || own != own) {
        return 1;
    }
    stage = nullptr;
    std::pmr::vector<int> too_much(1 << 16, &own);
    return 1;
}

/* SPDX-License-Identifier: MIT */
/* C++ containers on chunk heaps, by an Allocator: on heaps of one's own, and on one for threads. */
#include "ending.hpp"

#include <chunkmalloc/allocator.hpp>
#include <chunkmalloc/mutex.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

unsigned wrong_sizes = 0;

void on_misuse(chunk_misuse kind, const void *) {
    wrong_sizes += kind == CHUNK_MISUSE_WRONG_SIZE ? 1 : 1000;
}

CHUNK_HEAP_DEFINE(first, 16384, 64, on_misuse);
CHUNK_HEAP_DEFINE(second, 16384, 64);
CHUNK_HEAP_DEFINE(common, 65536, 16);
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
const chunk_locked_heap locked = {&common, CHUNK_LOCK_MUTEX(&mutex)};

template <class T> using on_heap = chunkmalloc::allocator<T>;
template <class T> using on_shared_heap = chunkmalloc::allocator<T, chunk_locked_heap>;

using numbers = std::vector<int, on_heap<int>>;

void containers() {
    using string = std::basic_string<char, std::char_traits<char>, on_heap<char>>;
    std::map<int, string, std::less<int>, on_heap<std::pair<const int, string>>> texts(first);
    for (int i = 0; i < 1000; i++) {
        texts.emplace(i, string("a text that does not fit into the string itself", first));
    }
    check(chunk_heap_contains(&first, texts.at(7).data()), "the strings are on the heap");
    const auto shared = std::allocate_shared<numbers>(on_heap<int>(first), 100, 7, first);
    check(chunk_heap_contains(&first, shared.get()), "what is shared is on the heap");
    check(shared->at(99) == 7, "what is shared is right");
}

struct alignas(4096) Page {
    unsigned char bytes[4096];
};

void over_aligned_objects() {
    const std::vector<Page, on_heap<Page>> pages(3, first);
    check(reinterpret_cast<std::uintptr_t>(pages.data()) % 4096 == 0, "pages are aligned");
}

void propagation() {
    numbers here({1, 2, 3}, first);
    numbers there({4, 5}, second);
    const numbers copy(there);
    check(chunk_heap_contains(&second, copy.data()), "a copy is made on the same heap");
    here = copy;
    check(chunk_heap_contains(&first, here.data()), "what is copied to stays on its heap");
    numbers other({6}, first);
    const auto before = stats_of(second).allocations;
    here = std::move(there);
    check(chunk_heap_contains(&second, here.data()), "a move takes the memory along");
    swap(here, other);
    check(chunk_heap_contains(&second, other.data()), "so does a swap");
    check(stats_of(second).allocations == before, "neither takes new memory");
    check(here.get_allocator() == on_heap<char>(first), "and both take the allocator along");
    check(here.get_allocator() != other.get_allocator(), "two heaps, two allocators");
}

template <class Exception, class Action> bool throws(Action action) {
    try {
        action();
    } catch (const Exception &) {
        return true;
    }
    return false;
}

void exhaustion() {
    on_heap<double> doubles(first);
    const volatile std::size_t huge = SIZE_MAX / 4;
    check(throws<std::bad_alloc>([&] { numbers(1 << 22, 0, first); }), "too much for a vector");
    check(throws<std::bad_array_new_length>([&] { (void)doubles.allocate(huge); }),
          "for any size_t");
    const numbers fits(1 << 17, 7, first);
    check(fits.back() == 7, "what fits is granted");
}

void sizes_are_checked() {
    on_heap<int> allocator(first);
    int *const block = allocator.allocate(100);
    allocator.deallocate(block, 1);
    check(wrong_sizes == 1, "a wrong count is told");
    allocator.deallocate(block, 100);
}

void threads() {
    std::vector<std::thread> workers;
    for (int i = 0; i < 4; i++) {
        workers.emplace_back([] {
            std::map<int, int, std::less<int>, on_shared_heap<std::pair<const int, int>>> map(
                locked);
            for (int round = 0; round < 20000; round++) {
                map[round % 500] = round;
                map.erase(round * 7 % 500);
            }
        });
    }
    for (std::thread &worker : workers) {
        worker.join();
    }
}

} // namespace

int main() {
    containers();
    over_aligned_objects();
    propagation();
    exhaustion();
    sizes_are_checked();
    threads();
    check_ending("first", first);
    check_ending("second", second);
    check_ending("common", common);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * The containers of std::pmr on chunk heaps, directly and through the resources of the C++ library:
 * a pool on a heap, and a heap that threads share.
 */
#include "ending.hpp"

#include <chunkmalloc/allocator.hpp>
#include <chunkmalloc/mutex.h>

#include <cstdint>
#include <list>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

CHUNK_HEAP_DEFINE(heap, 16384, 64);
CHUNK_HEAP_DEFINE(common, 65536, 16);
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
const chunk_locked_heap locked = {&common, CHUNK_LOCK_MUTEX(&mutex)};

void containers() {
    chunkmalloc::memory_resource resource(heap);
    std::pmr::unordered_map<int, std::pmr::string> texts(&resource);
    for (int i = 0; i < 1000; i++) {
        texts.emplace(i, "a text that does not fit into the string itself");
    }
    check(chunk_heap_contains(&heap, texts.at(7).data()), "strings use the map's resource");
}

void alignment() {
    chunkmalloc::memory_resource resource(heap);
    void *const wide = resource.allocate(100, 2048);
    check(reinterpret_cast<std::uintptr_t>(wide) % 2048 == 0, "a resource heeds alignment");
    resource.deallocate(wide, 100, 2048);
}

void equality() {
    chunkmalloc::memory_resource resource(heap);
    chunkmalloc::memory_resource same(heap);
    chunkmalloc::memory_resource other(locked);
    check(resource == same && resource != other && other != resource, "one heap, equal resources");
    check(resource != *std::pmr::new_delete_resource(), "others are not equal");
    std::pmr::vector<int> numbers({1, 2, 3}, &resource);
    std::pmr::vector<int> moved(&same);
    const auto before = stats_of(heap).allocations;
    moved = std::move(numbers);
    check(stats_of(heap).allocations == before, "equal resources hand memory over");
    check(moved.size() == 3 && moved[2] == 3, "and what is in it");
}

void pool() {
    chunkmalloc::memory_resource upstream(heap);
    std::pmr::unsynchronized_pool_resource resource(&upstream);
    std::pmr::list<int> numbers(&resource);
    const auto before = stats_of(heap).allocations;
    for (int i = 0; i < 10000; i++) {
        numbers.push_back(i);
    }
    check(chunk_heap_contains(&heap, &numbers.back()), "the pool's memory is the heap's");
    check(stats_of(heap).allocations - before < 100, "the pool asks for much at once");
}

void exhaustion() {
    chunkmalloc::memory_resource resource(heap);
    bool caught = false;
    try {
        const std::pmr::vector<char> too_much(1 << 22, 'x', &resource);
    } catch (const std::bad_alloc &) {
        caught = true;
    }
    check(caught, "bad_alloc is thrown");
    const std::pmr::vector<char> fits(1 << 19, 'x', &resource);
    check(fits.back() == 'x', "what fits is granted");
}

void threads() {
    chunkmalloc::memory_resource resource(locked);
    std::pmr::vector<std::thread> workers(&resource);
    for (int i = 0; i < 4; i++) {
        workers.emplace_back([&resource] {
            std::pmr::unordered_map<int, std::pmr::string> map(&resource);
            for (int round = 0; round < 20000; round++) {
                map[round % 500].push_back('x');
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
    alignment();
    equality();
    pool();
    exhaustion();
    threads();
    check_ending("heap", heap);
    check_ending("common", common);
    return 0;
}

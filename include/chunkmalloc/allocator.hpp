/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_ALLOCATOR_HPP
#define CHUNKMALLOC_ALLOCATOR_HPP

/*
 * Chunk heaps for C++17: an Allocator for containers and, if the C++ library has
 * <memory_resource>, a std::pmr::memory_resource. Both refer to a chunk_heap or to a
 * chunk_locked_heap, which must outlive them and what they have allocated. Thread rule and time are
 * those of the heap: share a chunk_locked_heap between threads, a chunk_heap not.
 *
 * No memory: std::bad_alloc is thrown. In code compiled without exceptions std::terminate is called
 * instead, which is what an exception that nobody catches comes to as well.
 *
 * Any alignment is served. Blocks go back by chunk_free_sized, so a wrong count or size is misuse,
 * of which the heap's hook is told.
 */

#if __cplusplus < 201703L
#error "chunkmalloc/allocator.hpp needs C++17"
#endif

#include <cstddef>
#include <exception>
#include <new>
#include <type_traits>

#if __STDC_HOSTED__ && __has_include(<memory_resource>)
#include <memory_resource>
#endif

#include "locked.h"

namespace chunkmalloc {

namespace detail {

inline void *take(const chunk_heap &heap, std::size_t alignment, std::size_t size) noexcept {
    return chunk_alloc_aligned(&heap, alignment, size);
}

inline void *take(const chunk_locked_heap &heap, std::size_t alignment, std::size_t size) noexcept {
    return chunk_locked_alloc_aligned(&heap, alignment, size);
}

inline void give(const chunk_heap &heap, void *block, std::size_t size) noexcept {
    chunk_free_sized(&heap, block, size);
}

inline void give(const chunk_locked_heap &heap, void *block, std::size_t size) noexcept {
    chunk_locked_free_sized(&heap, block, size);
}

template <class Exception> [[noreturn]] inline void fail() {
#if defined(__cpp_exceptions)
    throw Exception();
#else
    std::terminate();
#endif
}

template <class Heap>
inline void *take_or_fail(const Heap &heap, std::size_t alignment, std::size_t size) {
    void *const block = take(heap, alignment, size);
    if (block == nullptr) {
        fail<std::bad_alloc>();
    }
    return block;
}

} // namespace detail

/*
 * A container that is moved or swapped takes its memory with it and so changes its heap: that is
 * quick, cannot fail, and defined for any two heaps. One that is copied to stays on its own heap.
 */
template <class T, class Heap = chunk_heap> class allocator {
  public:
    using value_type = T;
    using is_always_equal = std::false_type;
    using propagate_on_container_copy_assignment = std::false_type;
    using propagate_on_container_move_assignment = std::true_type;
    using propagate_on_container_swap = std::true_type;

    /* Not explicit: containers can be made of a heap, as in std::vector<int, A> numbers(heap). */
    allocator(const Heap &heap) noexcept : heap_(&heap) {
    }
    allocator(const Heap &&) = delete;

    template <class U> allocator(const allocator<U, Heap> &other) noexcept : heap_(&other.heap()) {
    }

    /* Room for count objects. std::bad_array_new_length if no size_t holds their size. */
    [[nodiscard]] T *allocate(std::size_t count) {
        if (count > static_cast<std::size_t>(-1) / sizeof(T)) {
            detail::fail<std::bad_array_new_length>();
        }
        return static_cast<T *>(detail::take_or_fail(*heap_, alignof(T), count * sizeof(T)));
    }

    void deallocate(T *objects, std::size_t count) noexcept {
        detail::give(*heap_, objects, count * sizeof(T));
    }

    const Heap &heap() const noexcept {
        return *heap_;
    }

  private:
    const Heap *heap_;
};

/* Equal are those that refer to one heap object. */
template <class T, class U, class Heap>
inline bool operator==(const allocator<T, Heap> &a, const allocator<U, Heap> &b) noexcept {
    return &a.heap() == &b.heap();
}

template <class T, class U, class Heap>
inline bool operator!=(const allocator<T, Heap> &a, const allocator<U, Heap> &b) noexcept {
    return !(a == b);
}

#if defined(__cpp_lib_memory_resource)

/*
 * chunkmalloc::memory_resource resource(heap); for either kind of heap. Two resources are equal
 * when they refer to one heap object; without RTTI, a resource is equal to itself only, and pmr
 * containers then copy between two resources of one heap.
 */
template <class Heap = chunk_heap> class memory_resource : public std::pmr::memory_resource {
  public:
    explicit memory_resource(const Heap &heap) noexcept : heap_(&heap) {
    }
    explicit memory_resource(const Heap &&) = delete;

    const Heap &heap() const noexcept {
        return *heap_;
    }

  private:
    void *do_allocate(std::size_t size, std::size_t alignment) override {
        return detail::take_or_fail(*heap_, alignment, size);
    }

    void do_deallocate(void *block, std::size_t size, std::size_t) override {
        detail::give(*heap_, block, size);
    }

    bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override {
#if defined(__cpp_rtti)
        const auto *const same = dynamic_cast<const memory_resource *>(&other);
        return same != nullptr && same->heap_ == heap_;
#else
        return this == &other;
#endif
    }

    const Heap *heap_;
};

#endif

} // namespace chunkmalloc

#endif

// SPDX-License-Identifier: MIT
//
// operators [LIBRARY]
//
// C++'s operators new and delete: each form, what happens without memory, and that a program may
// replace some of them: with REPLACE_ONE the plainest new and delete, with REPLACE_ARRAYS those of
// arrays, all others must go there. Compiled with LOADED it is a library, which the program
// operators_loaded.c, in which there is no C++, loads for itself alone.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <new>

namespace {

[[noreturn]] void fail(int line, const char *what) {
    std::fprintf(stderr, "operators.cpp:%d: not so: %s\n", line, what);
    std::abort();
}

#define CHECK(condition) ((condition) ? (void)0 : fail(__LINE__, #condition))

#if defined REPLACE_ONE || defined REPLACE_ARRAYS
// Calls of the operators that the program has replaced.
std::size_t news;
std::size_t deletes;

// No allocator's block starts where these do: whoever passes them by is noticed.
enum { HIDDEN = 64 };

void *get(std::size_t size) {
    char *const block = static_cast<char *>(std::malloc(size + HIDDEN));
    if (block == nullptr) {
        throw std::bad_alloc();
    }
    news++;
    return block + HIDDEN;
}

void put(void *block) noexcept {
    if (block != nullptr) {
        deletes++;
        std::free(static_cast<char *>(block) - HIDDEN);
    }
}
#endif

} // namespace

#ifdef REPLACE_ONE
void *operator new(std::size_t size) {
    return get(size);
}

void operator delete(void *block) noexcept {
    put(block);
}
#endif

#ifdef REPLACE_ARRAYS
void *operator new[](std::size_t size) {
    return get(size);
}

void operator delete[](void *block) noexcept {
    put(block);
}
#endif

namespace {

// The compiler must neither leave out pairs of calls nor know sizes.
template <typename Value> Value hide(Value value) {
    __asm__ volatile("" : "+r"(value));
    return value;
}

void *used(void *block, std::size_t size, std::size_t alignment) {
    CHECK(block != nullptr);
    CHECK(reinterpret_cast<std::uintptr_t>(block) % alignment == 0);
    std::memset(block, 0x5a, size);
    return hide(block);
}

void *plain(std::size_t size) {
    return used(::operator new(hide(size)), size, 16);
}

void *array(std::size_t size) {
    return used(::operator new[](hide(size)), size, 16);
}

void check_plain(std::size_t size) {
    ::operator delete(plain(size));
    ::operator delete(plain(size), hide(size));
    ::operator delete(plain(size), std::nothrow);
    ::operator delete(used(::operator new(hide(size), std::nothrow), size, 16));
}

void check_arrays(std::size_t size) {
    ::operator delete[](array(size));
    ::operator delete[](array(size), hide(size));
    ::operator delete[](array(size), std::nothrow);
    ::operator delete[](used(::operator new[](hide(size), std::nothrow), size, 16));
}

void check_aligned(std::size_t size, std::size_t number) {
    const std::align_val_t alignment{number};
    const auto one = [=] { return used(::operator new(hide(size), alignment), size, number); };
    const auto some = [=] { return used(::operator new[](hide(size), alignment), size, number); };
    ::operator delete(one(), alignment);
    ::operator delete(one(), hide(size), alignment);
    ::operator delete(one(), alignment, std::nothrow);
    ::operator delete(used(::operator new(hide(size), alignment, std::nothrow), size, number),
                      alignment);
    ::operator delete[](some(), alignment);
    ::operator delete[](some(), hide(size), alignment);
    ::operator delete[](some(), alignment, std::nothrow);
    ::operator delete[](used(::operator new[](hide(size), alignment, std::nothrow), size, number),
                        alignment);
}

void check_each_form() {
    for (const std::size_t size :
         {0, 1, 7, 8, 16, 24, 25, 100, 1000, 5000, 32768, 40000, 3000000}) {
        check_plain(size);
        check_arrays(size);
        for (const std::size_t alignment : {8, 16, 32, 64, 4096, 65536}) {
            check_aligned(size, alignment);
        }
    }
    ::operator delete(nullptr);
    ::operator delete (nullptr, std::size_t{8});
    ::operator delete[](nullptr, std::size_t{8});
    ::operator delete (nullptr, std::size_t{64}, std::align_val_t{64});
}

// A destructor that is virtual names the size of the whole object.
struct Base {
    virtual ~Base() = default;
    char bytes[40] = {};
};

struct alignas(64) Derived : Base {
    char more[200] = {};
};

void check_objects() {
    for (int i = 0; i < 1000; i++) {
        delete hide<Base *>(new Derived);
        delete hide(new Base);
        delete[] hide(new Base[7]);
        delete[] hide(new Derived[3]);
        delete hide(new (std::nothrow) int(7));
    }
}

template <typename Exception, typename Action> bool throws(Action action) {
    try {
        (void)action();
    } catch (const Exception &) {
        return true;
    }
    return false;
}

void check_without_memory() {
    const std::size_t huge = SIZE_MAX / 4;
    const std::align_val_t alignment{256};
    CHECK(throws<std::bad_alloc>([=] { return ::operator new(hide(huge)); }));
    CHECK(throws<std::bad_alloc>([=] { return ::operator new[](hide(huge)); }));
    CHECK(throws<std::bad_alloc>([=] { return ::operator new(hide(huge), alignment); }));
    CHECK(throws<std::bad_alloc>([=] { return ::operator new[](hide(huge), alignment); }));
    CHECK(::operator new(hide(huge), std::nothrow) == nullptr);
    CHECK(::operator new[](hide(huge), std::nothrow) == nullptr);
    CHECK(::operator new(hide(huge), alignment, std::nothrow) == nullptr);
    CHECK(::operator new[](hide(huge), alignment, std::nothrow) == nullptr);
}

#ifndef REPLACE_ONE
struct Enough {};

int handled;

void give_up_at_third() {
    handled++;
    if (handled == 3) {
        std::set_new_handler(nullptr);
    }
}

void throw_another() {
    handled++;
    throw Enough{};
}

void check_handlers() {
    const std::size_t huge = SIZE_MAX / 4;
    handled = 0;
    std::set_new_handler(give_up_at_third);
    CHECK(throws<std::bad_alloc>([=] { return ::operator new(hide(huge)); }));
    CHECK(handled == 3);
    std::set_new_handler(throw_another);
    CHECK(throws<Enough>([=] { return ::operator new(hide(huge)); }));
    CHECK(handled == 4);
    std::set_new_handler(nullptr);
}
#endif

#if defined REPLACE_ONE || defined REPLACE_ARRAYS
// What is replaced serves the other forms too.
void check_replaced() {
    struct Form {
        void (*check)(std::size_t size);
        bool replaced;
    };
#ifdef REPLACE_ONE
    const bool objects = true;
#else
    const bool objects = false;
#endif
    for (const Form form : {Form{check_plain, objects}, Form{check_arrays, true}}) {
        const std::size_t before = news;
        form.check(100);
        CHECK(news - before == (form.replaced ? 4 : 0));
    }
    CHECK(news == deletes);
}
#endif

} // namespace

extern "C" int check_operators() {
    check_each_form();
    check_objects();
    check_without_memory();
#if defined REPLACE_ONE || defined REPLACE_ARRAYS
    check_replaced();
#endif
#ifndef REPLACE_ONE
    check_handlers();
#endif
    return 0;
}

#ifndef LOADED
int main() {
    return check_operators();
}
#endif

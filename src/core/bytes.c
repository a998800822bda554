/* SPDX-License-Identifier: MIT */
/*
 * The three functions that a compiler may call even in a freestanding program, weak, so that the
 * program's own win. A compiler barrier in each step keeps the loops from being recognised as what
 * they implement, which would make them call themselves.
 */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);

typedef uintptr_t __attribute__((may_alias, aligned(1))) word;

/* Not memmove itself, which a compiler that knows it might turn into memcpy again. */
static void *move_bytes(void *to, const void *from, size_t size) {
    unsigned char *const t = (unsigned char *)to;
    const unsigned char *const f = (const unsigned char *)from;
    if ((uintptr_t)t - (uintptr_t)f >= size) {
        size_t i = 0;
        for (; size - i >= sizeof(word); i += sizeof(word)) {
            *(word *)(void *)(t + i) = *(const word *)(const void *)(f + i);
            __asm__("" : "+r"(i));
        }
        for (; i < size; i++) {
            t[i] = f[i];
            __asm__("" : "+r"(i));
        }
        return to;
    }
    while (size >= sizeof(word)) {
        size -= sizeof(word);
        *(word *)(void *)(t + size) = *(const word *)(const void *)(f + size);
        __asm__("" : "+r"(size));
    }
    while (size > 0) {
        size--;
        t[size] = f[size];
        __asm__("" : "+r"(size));
    }
    return to;
}

__attribute__((weak)) void *memmove(void *to, const void *from, size_t size) {
    return move_bytes(to, from, size);
}

__attribute__((weak)) void *memcpy(void *restrict to, const void *restrict from, size_t size) {
    return move_bytes(to, from, size);
}

__attribute__((weak)) void *memset(void *to, int value, size_t size) {
    unsigned char *const t = (unsigned char *)to;
    const word fill = UINTPTR_MAX / 255 * (unsigned char)value;
    size_t i = 0;
    for (; size - i >= sizeof(word); i += sizeof(word)) {
        *(word *)(void *)(t + i) = fill;
        __asm__("" : "+r"(i));
    }
    for (; i < size; i++) {
        t[i] = (unsigned char)value;
        __asm__("" : "+r"(i));
    }
    return to;
}

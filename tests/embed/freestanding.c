/* SPDX-License-Identifier: MIT */
/*
 * A Linux program without a C library: a heap of 16 chunks of 16 bytes, and nothing but
 * libchunkheap.a. Its exit status is the number of the line at fault, or 0.
 */
#include <chunkmalloc/heap.h>

CHUNK_HEAP_DEFINE(heap, 16, 16);

#if defined(__aarch64__)
enum { SYSTEM_WRITE = 64, SYSTEM_EXIT = 93 };
__asm__(".globl _start\n_start: mov x29, #0\nmov x30, #0\nbl start\n");

static long system_call(long number, long a, long b, long c) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}
#else /* x86-64 */
enum { SYSTEM_WRITE = 1, SYSTEM_EXIT = 60 };
__asm__(".globl _start\n_start: xor %ebp, %ebp\nand $-16, %rsp\ncall start\n");

static long system_call(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}
#endif

_Noreturn void start(void);

static _Noreturn void leave(long status) {
    for (;;) {
        (void)system_call(SYSTEM_EXIT, status, 0, 0);
    }
}

static void check(bool condition, int line) {
    if (!condition) {
        leave(line < 255 ? line : 255);
    }
}

static void write_text(const char *text, long size) {
    check(system_call(SYSTEM_WRITE, 1, (long)text, size) == size, __LINE__);
}

static void use_heap(void) {
    unsigned char *const text = chunk_alloc(&heap, 5);
    check(text != NULL && chunk_usable_size(&heap, text) == 16, __LINE__);
    for (unsigned char i = 0; i < 16; i++) {
        text[i] = i;
    }
    unsigned char *const zeros = chunk_alloc_zeroed(&heap, 100);
    check(zeros != NULL && zeros[0] == 0 && zeros[99] == 0, __LINE__);
    check(chunk_heap_usage(&heap) == 5000, __LINE__);
    unsigned char *const moved = chunk_realloc(&heap, text, 8 * 16);
    check(moved != NULL && moved != text && moved[15] == 15, __LINE__);
    check(chunk_alloc(&heap, 17) == NULL, __LINE__);
    chunk_free(&heap, zeros);
    chunk_free_sized(&heap, moved, 8 * 16);
    unsigned char *const whole = chunk_alloc_aligned(&heap, 256, 256);
    check(whole != NULL && (uintptr_t)whole % 256 == 0, __LINE__);
    check(chunk_heap_usage(&heap) == 10000, __LINE__);
    chunk_free(&heap, whole);
    check(chunk_heap_check(&heap, CHUNK_CHECK_EXHAUSTIVE) == NULL, __LINE__);
}

void start(void) {
    static const char done[] = "freestanding: all is well\n";
    use_heap();
    write_text(done, sizeof done - 1);
    leave(0);
}

/* SPDX-License-Identifier: MIT */
#ifndef TESTS_EMBED_SYSTEM_CALL_H
#define TESTS_EMBED_SYSTEM_CALL_H

/*
 * For each processor: the entry point, which calls start with the stack aligned as functions expect
 * it, and Linux's system calls of up to three arguments.
 */

_Noreturn void start(void);

#if defined(__x86_64__)

#define SYSTEM_MACHINE "x86-64"
enum { SYSTEM_WRITE = 1, SYSTEM_EXIT = 60 };
__asm__(".globl _start\n_start: xor %ebp, %ebp\nand $-16, %rsp\ncall start\n");

static inline long system_call(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}

#elif defined(__i386__)

#define SYSTEM_MACHINE "i386"
enum { SYSTEM_WRITE = 4, SYSTEM_EXIT = 1 };
__asm__(".globl _start\n_start: xor %ebp, %ebp\nand $-16, %esp\ncall start\n");

static inline long system_call(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return result;
}

#elif defined(__aarch64__)

#define SYSTEM_MACHINE "aarch64"
enum { SYSTEM_WRITE = 64, SYSTEM_EXIT = 93 };
__asm__(".globl _start\n_start: mov x29, #0\nmov x30, #0\nbl start\n");

static inline long system_call(long number, long a, long b, long c) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}

#elif defined(__arm__)

#define SYSTEM_MACHINE "arm"
enum { SYSTEM_WRITE = 4, SYSTEM_EXIT = 1 };
__asm__(".arm\n.globl _start\n.type _start, %function\n_start: mov fp, #0\nmov lr, #0\nbl start\n");

/* In Thumb code r7, which holds the number, may be the frame pointer. */
static inline long system_call(long number, long a, long b, long c) {
    register long r0 __asm__("r0") = a;
    register long r1 __asm__("r1") = b;
    register long r2 __asm__("r2") = c;
    register long r3 __asm__("r3") = number;
    __asm__ volatile("mov ip, r7\nmov r7, r3\nsvc 0\nmov r7, ip"
                     : "+r"(r0)
                     : "r"(r1), "r"(r2), "r"(r3)
                     : "ip", "memory");
    return r0;
}

#elif defined(__riscv) && __riscv_xlen == 64

#define SYSTEM_MACHINE "riscv64"
enum { SYSTEM_WRITE = 64, SYSTEM_EXIT = 93 };
__asm__(".globl _start\n_start:\n.option push\n.option norelax\nla gp, __global_pointer$\n"
        ".option pop\ncall start\n");

static inline long system_call(long number, long a, long b, long c) {
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
    return a0;
}

#elif defined(__s390x__)

#define SYSTEM_MACHINE "s390x"
enum { SYSTEM_WRITE = 4, SYSTEM_EXIT = 1 };
__asm__(".globl _start\n_start: lghi %r11, 0\naghi %r15, -160\nbrasl %r14, start\n");

static inline long system_call(long number, long a, long b, long c) {
    register long r1 __asm__("r1") = number;
    register long r2 __asm__("r2") = a;
    register long r3 __asm__("r3") = b;
    register long r4 __asm__("r4") = c;
    __asm__ volatile("svc 0" : "+r"(r2) : "r"(r1), "r"(r3), "r"(r4) : "memory");
    return r2;
}

#else
#error "no system calls known for this processor"
#endif

static inline _Noreturn void system_exit(int status) {
    for (;;) {
        (void)system_call(SYSTEM_EXIT, status, 0, 0);
    }
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TESTS_EMBED_BARE_BOARD_H
#define TESTS_EMBED_BARE_BOARD_H

/* Semihosting (what a debugger, or an emulator, does for a program without a system), and what the
 * linker script tells. */

#include <stddef.h>
#include <stdint.h>

enum { SEMIHOSTING_WRITE = 0x04, SEMIHOSTING_EXIT = 0x20, SEMIHOSTING_EXIT_BY_PROGRAM = 0x20026 };

#if defined(__arm__)
#define BOARD_MACHINE "Cortex-M3"
static inline void semihosting(uintptr_t operation, const void *parameter) {
    register uintptr_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = parameter;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}
#else
#define BOARD_MACHINE "RISC-V, 32 bits"
/* The three instructions are known by their neighbours, so they may not be compressed. */
static inline void semihosting(uintptr_t operation, const void *parameter) {
    register uintptr_t a0 __asm__("a0") = operation;
    register const void *a1 __asm__("a1") = parameter;
    __asm__ volatile(".balign 16\n.option push\n.option norvc\n"
                     "slli zero, zero, 0x1f\nebreak\nsrai zero, zero, 7\n.option pop"
                     : "+r"(a0)
                     : "r"(a1)
                     : "memory");
}
#endif

/* Bytes between two symbols of the linker script. */
static inline size_t board_distance(const void *from, const void *to) {
    return (uintptr_t)to - (uintptr_t)from;
}

/* text ends in 0. */
static inline void board_put_text(const char *text) {
    semihosting(SEMIHOSTING_WRITE, text);
}

/* Ends the emulator with that status. */
static inline _Noreturn void board_exit(uintptr_t status) {
    const uintptr_t reason[] = {SEMIHOSTING_EXIT_BY_PROGRAM, status};
    for (;;) {
        semihosting(SEMIHOSTING_EXIT, reason);
    }
}

#endif

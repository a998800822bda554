/* SPDX-License-Identifier: MIT */
/* misuse: a jump into a block */
/* judge: SIGSEGV */
/* What it holds would only return, on any of these processors. */
#include "misuse.h"

#if defined __x86_64__ || defined __i386__
static const unsigned char code[] = {0xc3};
#elif defined __aarch64__
static const unsigned char code[] = {0xc0, 0x03, 0x5f, 0xd6};
#elif defined __riscv
static const unsigned char code[] = {0x67, 0x80, 0x00, 0x00};
#else
static const unsigned char code[] = {0};
#endif

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    void *const block = announce(get(number(1)));
    memcpy(block, code, sizeof code);
    void (*function)(void);
    memcpy(&function, &block, sizeof function);
    function();
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* From power-on to main. */
#include "board.h"

int main(void);

_Noreturn void start(void);
_Noreturn void fault(void);

/* Of the linker script. */
extern unsigned char data_start[], data_end[], bss_start[], bss_end[], stack_top[];
extern const unsigned char data_image[];

#if defined(__arm__)
typedef void (*vector)(void);
__asm__(".global reset\n.set reset, start\n");
__attribute__((section(".vectors"), used)) static const union {
    const void *stack;
    vector handler;
} vectors[] = {
    {.stack = stack_top},
    {.handler = start},
    /* not maskable; hard; of memory, bus and usage */
    {.handler = fault},
    {.handler = fault},
    {.handler = fault},
    {.handler = fault},
    {.handler = fault},
};
#else
__asm__(
    ".pushsection .vectors, \"ax\"\n.global reset\nreset:\n"
    ".option arch, +zicsr\nla t0, fault\ncsrw mtvec, t0\nla sp, stack_top\nj start\n.popsection\n");
#endif

__attribute__((aligned(4))) void fault(void) {
    board_put_text("fault\n");
    board_exit(1);
}

void start(void) {
    __builtin_memcpy(data_start, data_image, board_distance(data_start, data_end));
    __builtin_memset(bss_start, 0, board_distance(bss_start, bss_end));
    board_exit((uintptr_t)main());
}

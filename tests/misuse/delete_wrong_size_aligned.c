/* SPDX-License-Identifier: MIT */
/* misuse: C++'s sized delete of an aligned block with a size that is too large;
 * libchunkmalloc-hardened.so, in either mode */
/* judge: chunkmalloc: operator delete with a wrong size of POINTER */
#include "misuse.h"

/* operator new(std::size_t, std::align_val_t), operator delete(void *, std::size_t,
 * std::align_val_t) */
void *_ZnwmSt11align_val_t(size_t size, size_t alignment);
void _ZdlPvmSt11align_val_t(void *block, size_t size, size_t alignment);

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    _ZdlPvmSt11align_val_t(announce(_ZnwmSt11align_val_t(number(1), 64)), number(2), 64);
    return 0;
}

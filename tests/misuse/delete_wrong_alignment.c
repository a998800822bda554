/* SPDX-License-Identifier: MIT */
/* misuse: C++'s delete with an alignment that the block has not; libchunkmalloc-hardened.so, in
 * either mode */
/* judge: chunkmalloc: operator delete with a wrong alignment of POINTER */
#include "misuse.h"

enum { ALIGNMENT = 4096 };

/* operator new(std::size_t), operator delete(void *, std::size_t, std::align_val_t) */
void *_Znwm(size_t size);
void _ZdlPvmSt11align_val_t(void *block, size_t size, size_t alignment);

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    void *block;
    do {
        block = _Znwm(hide_size(24));
    } while ((uintptr_t)block % ALIGNMENT == 0);
    _ZdlPvmSt11align_val_t(announce(block), 24, ALIGNMENT);
    return 0;
}

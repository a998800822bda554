/* SPDX-License-Identifier: MIT */
/* misuse: C++'s sized delete with a size that is too large; libchunkmalloc-hardened.so, in
 * either mode */
/* judge: chunkmalloc: operator delete with a wrong size of POINTER */
#include "misuse.h"

/* operator new(std::size_t), operator delete(void *, std::size_t) */
void *_Znwm(size_t size);
void _ZdlPvm(void *block, size_t size);

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    _ZdlPvm(announce(_Znwm(number(1))), number(2));
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* misuse: C++'s sized delete of an array with a size that is too small;
 * libchunkmalloc-hardened.so, in either mode */
/* judge default: survives */
/* judge hardened: chunkmalloc: operator delete[] with a wrong size of POINTER (SIZE bytes,
 * allocated at SITE) */
#include "misuse.h"

/* operator new[](std::size_t), operator delete[](void *, std::size_t) */
void *_Znam(size_t size);
void _ZdaPvm(void *block, size_t size);

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    _ZdaPvm(announce(_Znam(number(1))), number(2));
    return 0;
}

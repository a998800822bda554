/* SPDX-License-Identifier: MIT */
/* misuse [24 1]: overflow by one byte */
/* misuse [24 8]: overflow by 8 bytes */
/* misuse [100 64]: overflow by 64 bytes */
/* misuse [100 4096]: overflow by 4 KiB */
/* misuse [100 65536]: overflow by 64 KiB */
/* misuse [100 1048576]: overflow by 1 MiB */
/* misuse [5000 1]: overflow of a block of some pages by one byte */
/* misuse [100000 1]: overflow of a large block by one byte */
/* misuse [100000 8]: overflow of a large block by 8 bytes */
/* misuse [100000 1048576]: overflow of a large block by 1 MiB */
/* judge default: survives */
/* judge hardened: chunkmalloc: overrun of POINTER (SIZE bytes, allocated at SITE, freed at SITE) */
/* judge default [100 1048576]: SIGSEGV */
/* judge [100000 1048576]: SIGSEGV */
/* judge hardened [100 64]: chunkmalloc: overrun of POINTER (SIZE bytes, allocated at SITE, freed at
 * SITE) */
/* judge hardened [100 64]: SIGSEGV */
/* judge hardened [100 4096]: chunkmalloc: overrun of POINTER */
/* judge hardened [100 4096]: SIGSEGV */
/* judge hardened [100 65536]: chunkmalloc: overrun of POINTER */
/* judge hardened [100 65536]: SIGSEGV */
/* judge hardened [100 1048576]: chunkmalloc: overrun of POINTER */
/* judge hardened [100 1048576]: SIGSEGV */
/* Where guards lie is chance; there is one within 1 MiB nearly always. */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    const size_t size = number(1);
    unsigned char *const block = announce(get(size));
    fill_behind(block, size, number(2));
    free(block);
    return 0;
}

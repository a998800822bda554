/* SPDX-License-Identifier: MIT */
/* Prints the file that malloc and free come from: a preload that failed must not pass for a result.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    static const char *const names[] = {"malloc", "free", "calloc", "realloc"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        Dl_info info;
        if (!dladdr(dlsym(RTLD_DEFAULT, names[i]), &info))
            return EXIT_FAILURE;
        printf("%s %s\n", names[i], info.dli_fname);
    }
    return EXIT_SUCCESS;
}

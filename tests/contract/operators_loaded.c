/* SPDX-License-Identifier: MIT */
/*
 * operators_loaded LIBRARY
 *
 * A program without C++ loads a library of C++, and so the C++ library, for itself alone, as
 * interpreters do: what is preloaded finds neither where it looks first.
 */
#include "../support.h"

int main(int argc, char **argv) {
    support_begin(60);
    CHECK(argc == 2);
    void *const library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    CHECK(library != NULL);
    CHECK(dlsym(RTLD_DEFAULT, "__cxa_throw") == NULL);
    int (*check)(void) = NULL;
    find_in(library, "check_operators", &check);
    return check();
}

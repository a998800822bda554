/* SPDX-License-Identifier: MIT */
/*
 * launch [-v KIB] [-d KIB] [-l KIB] [-s KIB] LIBRARY PROGRAM [ARG...]
 *
 * Runs the program with the library preloaded (several are separated by colons; "-" is none), so
 * that nothing else of a test run is. TEST_PRELOADED tells the program what to expect. The options
 * set resource limits as `ulimit -v`, `-d`, `-l` and `-s` do; "unlimited" is understood.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LAUNCH_FAILED = 125 };

static _Noreturn void give_up(const char *what) {
    fprintf(stderr, "launch: %s: %s\n", what, strerror(errno));
    exit(LAUNCH_FAILED);
}

static bool set_limit(int option, const char *text) {
    char *end = NULL;
    rlim_t limit = RLIM_INFINITY;
    if (strcmp(text, "unlimited") != 0) {
        limit = (rlim_t)strtoull(text, &end, 10) * 1024;
        if (*end != '\0') {
            return false;
        }
    }
    const struct rlimit both = {.rlim_cur = limit, .rlim_max = limit};
    const struct rlimit soft = {.rlim_cur = limit, .rlim_max = RLIM_INFINITY};
    switch (option) {
    case 'v':
        return setrlimit(RLIMIT_AS, &both) == 0;
    case 'd':
        return setrlimit(RLIMIT_DATA, &both) == 0;
    case 'l':
        return setrlimit(RLIMIT_MEMLOCK, &both) == 0;
    case 's':
        return setrlimit(RLIMIT_STACK, &soft) == 0;
    default:
        return false;
    }
}

int main(int argc, char **argv) {
    int option;
    const char *limits[128] = {NULL};
    while ((option = getopt(argc, argv, "+v:d:l:s:")) != -1) {
        if (option == '?') {
            return LAUNCH_FAILED;
        }
        limits[option] = optarg;
    }
    if (argc - optind < 2) {
        fputs("launch: needs a library and a program\n", stderr);
        return LAUNCH_FAILED;
    }
    const char *const library = argv[optind];
    if (strcmp(library, "-") == 0) {
        (void)unsetenv("LD_PRELOAD");
        (void)unsetenv("TEST_PRELOADED");
    } else if (setenv("LD_PRELOAD", library, 1) != 0 || setenv("TEST_PRELOADED", library, 1) != 0) {
        give_up("setenv");
    }
    for (option = 0; option < 128; option++) {
        if (limits[option] != NULL && !set_limit(option, limits[option])) {
            give_up("setrlimit");
        }
    }
    execv(argv[optind + 1], argv + optind + 1);
    give_up(argv[optind + 1]);
}

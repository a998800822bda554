/* SPDX-License-Identifier: MIT */
/* Starts `count` trivial programs one after another: what the allocator adds to the start of each.
 */
#include "common.h"

#include <spawn.h>
#include <sys/wait.h>

static struct param params[] = {{"count", 600}};
enum { COUNT };

extern char **environ;

int main(int argc, char **argv) {
    read_params(argc, argv, params, sizeof params / sizeof *params);
    char path[] = "/bin/true";
    char *const args[] = {path, NULL};
    const double start = now();
    for (size_t i = 0; i < params[COUNT].value; i++) {
        pid_t child;
        int status;
        if (posix_spawn(&child, path, NULL, NULL, args, environ) != 0)
            fail("cannot start %s\n", path);
        if (waitpid(child, &status, 0) != child || status != 0)
            fail("%s ended with status %d\n", path, status);
    }
    report("startup", now() - start, params[COUNT].value);
}

/* SPDX-License-Identifier: MIT */
/* What a program that does nothing costs in memory: the private dirty pages of /bin/sleep. */
#include "common.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

static size_t private_dirty_kib(pid_t child) {
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)child);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (length <= 0)
        fail("cannot read %s\n", path);
    close(fd);
    text[length] = '\0';
    const char *line = strstr(text, "Private_Dirty:");
    if (!line)
        fail("%s has no line for private dirty pages\n", path);
    return strtoull(line + strlen("Private_Dirty:"), NULL, 10);
}

int main(int argc, char **argv) {
    read_params(argc, argv, NULL, 0);
    char path[] = "/bin/sleep", time[] = "10";
    char *const args[] = {path, time, NULL};
    pid_t child;
    if (posix_spawn(&child, path, NULL, NULL, args, environ) != 0)
        fail("cannot start %s\n", path);
    sleep_ms(200);
    const size_t dirty = private_dirty_kib(child);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    dprintf(STDOUT_FILENO, "{\"workload\":\"idle\",\"seconds\":1,\"ops\":1,\"dirty_kib\":%zu}\n",
            dirty);
}

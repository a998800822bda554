/* SPDX-License-Identifier: MIT */
/*
 * launch REPORT OUTPUT TIMEOUT_S SAMPLE_MS PRELOAD PROGRAM [ARG...]
 *
 * Runs a program under a preload library ("" for none) and writes one line of JSON about it to
 * REPORT: wall and CPU time, largest resident set of the tree, faults, how it ended. Its standard
 * output goes to OUTPUT. With SAMPLE_MS > 0 the resident set is sampled too. This is a program of
 * its own, and small, because the kernel counts the memory of the process that calls exec as the
 * child's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double seconds(struct timeval t) {
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static pid_t child;

/* Nobody may go on running when the bench is interrupted. */
static void stop(int number) {
    if (child > 0)
        kill(-child, SIGKILL);
    _exit(128 + number);
}

static void run_child(const char *output, const char *preload, char **argv) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (out < 0 || dup2(out, STDOUT_FILENO) < 0)
        _exit(127);
    if (out != STDOUT_FILENO)
        close(out);
    if (*preload)
        setenv("LD_PRELOAD", preload, 1);
    else
        unsetenv("LD_PRELOAD");
    execvp(argv[0], argv);
    dprintf(STDERR_FILENO, "cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

static void sample(FILE *report, double elapsed, bool first) {
    char path[64], text[128];
    snprintf(path, sizeof path, "/proc/%d/statm", (int)child);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    const ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0)
        return;
    text[length] = '\0';
    const char *space = strchr(text, ' ');
    const unsigned long pages = space ? strtoul(space, NULL, 10) : 0;
    fprintf(report, "%s[%.4f,%lu]", first ? "" : ",", elapsed,
            pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024);
}

/* Waits for the child; true if it had to be killed because its time was over. */
static bool watch(FILE *report, double start, double timeout, int sample_ms) {
    struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, child, 0), .events = POLLIN};
    bool first = true;
    for (;;) {
        const double left = timeout - (now() - start);
        if (left <= 0) {
            kill(-child, SIGKILL);
            return true;
        }
        const int wait_ms = sample_ms > 0 ? sample_ms : (int)(left * 1000) + 1;
        if (poll(&ended, 1, wait_ms) > 0)
            return false;
        if (sample_ms > 0) {
            sample(report, now() - start, first);
            first = false;
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 7) {
        fprintf(stderr, "launch: REPORT OUTPUT TIMEOUT_S SAMPLE_MS PRELOAD PROGRAM [ARG...]\n");
        return 2;
    }
    FILE *report = fopen(argv[1], "we");
    if (!report) {
        perror(argv[1]);
        return 2;
    }
    fprintf(report, "{\"samples\":[");
    fflush(report);
    const double start = now();
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    child = fork();
    if (child == 0)
        run_child(argv[2], argv[5], argv + 6);
    if (child < 0) {
        perror("fork");
        return 2;
    }
    setpgid(child, child);
    const bool late = watch(report, start, strtod(argv[3], NULL), atoi(argv[4]));
    kill(-child, SIGKILL); /* what it left behind; it is a zombie still, so the group is its own */
    int status;
    struct rusage usage;
    while (wait4(child, &status, 0, &usage) < 0) {
        if (errno != EINTR)
            return 2;
    }
    const double wall = now() - start;
    fprintf(report,
            "],\"wall\":%.6f,\"user\":%.6f,\"system\":%.6f,\"peak_kib\":%ld,\"minor_faults\":%ld,"
            "\"major_faults\":%ld,\"switches\":%ld,\"exit\":%d,\"signal\":%d,\"timeout\":%s}\n",
            wall, seconds(usage.ru_utime), seconds(usage.ru_stime), usage.ru_maxrss,
            usage.ru_minflt, usage.ru_majflt, usage.ru_nvcsw + usage.ru_nivcsw,
            WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            WIFSIGNALED(status) ? WTERMSIG(status) : 0, late ? "true" : "false");
    return fclose(report) == 0 ? 0 : 2;
}

/* SPDX-License-Identifier: MIT */
#ifndef PROCESS_SUPERVISOR_H
#define PROCESS_SUPERVISOR_H

/*
 * Answers the system calls that the library makes in another process, and those of its children.
 * They are told from all others by where they come from: the library calls syscall(2), and nothing
 * else in these tests does, once the filter is in force.
 */

#include "../support.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* 0: let it be done; otherwise the error that it is to fail with. */
typedef int supervisor_rule(const struct seccomp_data *call, void *context);

/* The code of syscall(2) is shorter, and lies below one multiple of 4 GiB. */
enum { SUPERVISOR_CODE = 64 };

static inline bool supervisor_install(int *listener) {
    const uintptr_t start = (uintptr_t)dlsym(RTLD_DEFAULT, "syscall");
    const uint32_t low = (uint32_t)start;
    CHECK(start != 0 && low < UINT32_MAX - SUPERVISOR_CODE);
    const uint32_t place = offsetof(struct seccomp_data, instruction_pointer);
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, place + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(start >> 32), 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, place),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, low, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, low + SUPERVISOR_CODE, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof code / sizeof code[0], code};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    *listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                             &program);
    return *listener >= 0;
}

static inline void supervisor_answer(int listener, supervisor_rule *rule, void *context) {
    struct seccomp_notif call;
    memset(&call, 0, sizeof call);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) {
        CHECK(errno == ENOENT || errno == EINTR);
        return;
    }
    const int error = rule(&call.data, context);
    struct seccomp_notif_resp answer = {
        .id = call.id,
        .error = -error,
        .flags = error == 0 ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0,
    };
    CHECK(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) == 0 || errno == ENOENT);
}

static inline _Noreturn void supervisor_skip(const char *reason) {
    support_write("skipped: ");
    support_write(reason);
    support_write("\n");
    _exit(SUPPORT_SKIP);
}

/* Runs work(argument) in a child under the rule; the child's wait status. Ends this process with
 * the status of a skipped test where the system cannot do that. */
static inline int supervise(void (*work)(void *), void *argument, supervisor_rule *rule,
                            void *context) {
    int from_child[2];
    int to_child[2];
    CHECK(pipe(from_child) == 0 && pipe(to_child) == 0);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        int listener = -1;
        char byte = 0;
        (void)supervisor_install(&listener);
        CHECK(write(from_child[1], &listener, sizeof listener) == sizeof listener);
        CHECK(read(to_child[0], &byte, 1) == 1);
        CHECK(close(listener) == 0);
        work(argument);
        _exit(0);
    }
    int listener = -1;
    CHECK(read(from_child[0], &listener, sizeof listener) == sizeof listener);
    const int process = (int)syscall(SYS_pidfd_open, child, 0);
    const int copy = (int)syscall(SYS_pidfd_getfd, process, listener, 0);
    if (listener < 0 || copy < 0) {
        (void)kill(child, SIGKILL);
        supervisor_skip(listener < 0 ? "no filters with a listener" : "no pidfd_getfd");
    }
    CHECK(write(to_child[1], "g", 1) == 1);
    struct pollfd events[] = {{.fd = copy, .events = POLLIN}, {.fd = process, .events = POLLIN}};
    while (events[1].revents == 0) {
        CHECK(poll(events, 2, -1) > 0 || errno == EINTR);
        if ((events[0].revents & POLLIN) != 0) {
            supervisor_answer(copy, rule, context);
        } else if (events[0].revents != 0) {
            events[0].fd = -1;
        }
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    const int opened[] = {from_child[0], from_child[1], to_child[0], to_child[1], process, copy};
    for (size_t i = 0; i < sizeof opened / sizeof opened[0]; i++) {
        CHECK(close(opened[i]) == 0);
    }
    return status;
}

#endif

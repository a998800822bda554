/* SPDX-License-Identifier: MIT */
/*
 * filtered none
 * filtered sshd
 * filtered only NAME...
 *
 * All that the library does once a program has started, under a filter of system calls that kills
 * who makes another one: as sshd has it for what it does before a login is known, or with only the
 * calls of the names, and the one that ends the process. With none, tells where syscall(2) is and
 * starts threads and children too, for a tracer.
 */
#include "script.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { CODE_MAX = 400 };

static struct sock_filter code[CODE_MAX];
static unsigned short used;

static void emit(struct sock_filter instruction) {
    CHECK(used < CODE_MAX);
    code[used++] = instruction;
}

static void load(size_t offset) {
    emit((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void load_argument(size_t number) {
    load(offsetof(struct seccomp_data, args) + number * sizeof(uint64_t));
}

static void finish(uint32_t verdict) {
    emit((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict));
}

/* The next `count` instructions are for this number only. */
static void unless_skip(uint32_t number, uint8_t count) {
    emit((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, count));
}

static void allow(uint32_t call) {
    unless_skip(call, 1);
    finish(SECCOMP_RET_ALLOW);
}

/* Allowed if the argument has no bits but these. */
static void require_bits(uint32_t call, size_t argument, uint32_t bits, uint32_t otherwise) {
    unless_skip(call, 5);
    load_argument(argument);
    emit((struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~bits));
    emit((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0));
    finish(otherwise);
    load(offsetof(struct seccomp_data, nr));
}

static void allow_advice(const uint32_t *advice, uint8_t count, uint32_t otherwise) {
    unless_skip(SYS_madvise, (uint8_t)(2 * count + 2));
    load_argument(2);
    for (size_t i = 0; i < count; i++) {
        allow(advice[i]);
    }
    finish(otherwise);
}

static void put_in_force(void) {
    finish(SECCOMP_RET_KILL_PROCESS);
    const struct sock_fprog program = {used, code};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        support_write("skipped: no filters of system calls\n");
        _exit(SUPPORT_SKIP);
    }
}

/* As OpenSSH 10 has it, less what only other machines have. */
static void filter_as_sshd(void) {
    static const uint32_t allowed[] = {
        SYS_brk,       SYS_clock_gettime,   SYS_close,   SYS_exit,   SYS_exit_group,
        SYS_futex,     SYS_geteuid,         SYS_getpgid, SYS_getpid, SYS_getrandom,
        SYS_gettid,    SYS_gettimeofday,    SYS_getuid,  SYS_mremap, SYS_munmap,
        SYS_nanosleep, SYS_clock_nanosleep, SYS_ppoll,   SYS_read,   SYS_pselect6,
        SYS_shutdown,  SYS_rt_sigprocmask,  SYS_write,   SYS_writev,
    };
    static const uint32_t advice[] = {MADV_NORMAL,   MADV_FREE,     MADV_DONTNEED,
                                      MADV_DONTFORK, MADV_DONTDUMP, MADV_WIPEONFORK};
    const uint32_t kill_it = SECCOMP_RET_KILL_PROCESS;
    load(offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        allow(allowed[i]);
    }
    allow_advice(advice, sizeof advice / sizeof advice[0], SECCOMP_RET_ERRNO | EINVAL);
    require_bits(SYS_mmap, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
                 SECCOMP_RET_ERRNO | EINVAL);
    require_bits(SYS_mmap, 2, PROT_READ | PROT_WRITE, kill_it);
    allow(SYS_mmap);
    require_bits(SYS_mprotect, 2, PROT_READ | PROT_WRITE, kill_it);
    allow(SYS_mprotect);
    put_in_force();
}

static uint32_t number_of(const char *name) {
    static const struct {
        const char *name;
        uint32_t number;
    } calls[] = {
        {"clock_gettime", SYS_clock_gettime},
        {"fcntl", SYS_fcntl},
        {"madvise", SYS_madvise},
        {"mmap", SYS_mmap},
        {"mprotect", SYS_mprotect},
        {"munmap", SYS_munmap},
        {"rt_sigprocmask", SYS_rt_sigprocmask},
        {"sysinfo", SYS_sysinfo},
        {"write", SYS_write},
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (strcmp(calls[i].name, name) == 0) {
            return calls[i].number;
        }
    }
    support_fail(__FILE__, __LINE__, name);
}

static void filter_by_names(char **names) {
    load(offsetof(struct seccomp_data, nr));
    allow(SYS_exit_group);
    for (; *names != NULL; names++) {
        allow(number_of(*names));
    }
    put_in_force();
}

/* So that a second region is needed. */
static void take_static_heap(void) {
    const size_t heap = library_stats().heap_limit;
    for (size_t taken = 0; taken + 4 * SUPPORT_MIB <= heap; taken += 4 * SUPPORT_MIB) {
        CHECK(malloc(hide_size(4 * SUPPORT_MIB)) != NULL);
    }
}

static void work(bool with_processes, int null) {
    struct script script = {.refused = 0};
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < SCRIPT_REQUESTS; i++) {
            CHECK((!with_processes && script_needs_process(i)) || script_request(&script, i));
        }
        (void)malloc_trim(0);
        check_library();
        if (round == 0) {
            take_static_heap();
        }
    }
    script_end(&script);
    int (*report)(int, bool) = NULL;
    find_in_library("chunkmalloc_report", &report);
    CHECK(report != NULL && report(null, true) == 0);
}

int main(int argc, char **argv) {
    support_begin(60);
    CHECK(argc >= 2);
    const bool none = strcmp(argv[1], "none") == 0;
    const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (none) {
        printf("syscall %p\n", dlsym(RTLD_DEFAULT, "syscall"));
        CHECK(fflush(stdout) == 0);
    } else if (strcmp(argv[1], "sshd") == 0) {
        filter_as_sshd();
    } else {
        CHECK(strcmp(argv[1], "only") == 0);
        filter_by_names(argv + 2);
    }
    work(none, null);
    if (!none) {
        _exit(0);
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * refused_calls HEAP_MIB
 *
 * A scripted run, once for each system call that the library makes in it: that one fails, or all
 * from that one on until the run is half over. Whatever then is refused can be had later, nothing
 * is ever wrong, and in the end the heap is as good as any. The same with the static heap taken
 * before, so that the second region is made in the run; then every third call is tried, unless the
 * test is to be thorough.
 */
#include "script.h"
#include "supervisor.h"

#include <sys/mman.h>

/* Between the process that works and the one that answers. */
static struct shared {
    bool over; /* nothing is to fail any more */
    size_t refused;
} * shared;

struct fault {
    const char *name;
    long call; /* -1: any */
    int error;
    bool lasting;
    size_t turn; /* of the calls of that kind, the one that fails, from 0 */
    size_t seen;
};

static int answer(const struct seccomp_data *call, void *context) {
    struct fault *const fault = context;
    if (__atomic_load_n(&shared->over, __ATOMIC_SEQ_CST) ||
        (fault->call >= 0 && call->nr != fault->call)) {
        return 0;
    }
    const size_t turn = fault->seen++;
    return turn == fault->turn || (fault->lasting && turn > fault->turn) ? fault->error : 0;
}

static size_t hoard_mib;

/* All but a little of the static heap, untouched. */
static void take_static_heap(void) {
    size_t left = hoard_mib * SUPPORT_MIB;
    for (size_t size = 4 * SUPPORT_MIB; size >= SUPPORT_MIB / 8; size /= 4) {
        for (; left >= SUPPORT_MIB / 2 + size; left -= size) {
            CHECK(malloc(hide_size(size)) != NULL);
        }
    }
}

static void run_script(void *argument) {
    (void)argument;
    watchdog(30);
    struct script script = {.refused = 0};
    bool done[SCRIPT_REQUESTS];
    for (size_t i = 0; i < SCRIPT_REQUESTS; i++) {
        if (i == SCRIPT_REQUESTS / 2) {
            __atomic_store_n(&shared->over, true, __ATOMIC_SEQ_CST);
        }
        done[i] = script_request(&script, i);
        CHECK(done[i] || i < SCRIPT_REQUESTS / 2);
        if (i % 40 == 13) {
            (void)malloc_trim(0);
        }
        if (!done[i]) {
            check_library();
        }
    }
    shared->refused += script.refused;
    for (size_t i = 0; i < SCRIPT_REQUESTS; i++) {
        CHECK(script_request(&script, i));
    }
    script_end(&script);
    (void)malloc_trim(0);
    check_library();
    CHECK(library_stats().small_live < SUPPORT_MIB / 4);
}

/* Each turn from the first to the last that comes. */
static void try_all(struct fault fault) {
    const size_t refused = shared->refused;
    const size_t step = hoard_mib == 0 || support_thorough() ? 1 : 3;
    size_t runs = 0;
    do {
        fault.seen = 0;
        shared->over = false;
        const int status = supervise(run_script, NULL, answer, &fault);
        if (status != 0) {
            printf("%s, turn %zu, lasting %d: status %d\n", fault.name, fault.turn, fault.lasting,
                   status);
            exit(EXIT_FAILURE);
        }
        runs++;
        fault.turn += step;
    } while (fault.seen + step > fault.turn);
    printf("%s%s: %zu runs, %zu requests refused\n", fault.name,
           fault.lasting ? " from then on" : "", runs, shared->refused - refused);
    (void)fflush(stdout);
}

int main(int argc, char **argv) {
    support_begin(280);
    CHECK(argc == 2);
    hoard_mib = strtoul(argv[1], NULL, 10);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    if (hoard_mib != 0) {
        take_static_heap();
    }
    static const struct fault faults[] = {
        {"mprotect", SYS_mprotect, ENOMEM, false, 0, 0},
        {"mprotect", SYS_mprotect, EACCES, true, 0, 0},
        {"mmap", SYS_mmap, ENOMEM, false, 0, 0},
        {"mmap", SYS_mmap, EPERM, true, 0, 0},
        {"munmap", SYS_munmap, ENOMEM, true, 0, 0},
        {"madvise", SYS_madvise, EINVAL, false, 0, 0},
        {"madvise", SYS_madvise, EPERM, true, 0, 0},
        {"any call", -1, ENOSYS, true, 0, 0},
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        try_all(faults[i]);
    }
    return 0;
}

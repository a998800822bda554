/* SPDX-License-Identifier: MIT */
/*
 * stepped MODE
 *
 * Runs calls one instruction at a time, by the processor's trap flag, and lets a handler that
 * allocates and frees interrupt each of them after any instruction. Whatever that is, no block is
 * in two hands, and the heap is whole. In the mode "default" the handler is refused nothing while
 * the call is short, that is, on a fast path.
 */
#include "library.h"

#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>

#if defined __x86_64__ && defined __linux__

/* Of the size a magazine has 4. */
enum {
    SIZE = 4096,
    BURST = 9,
    CALLS = 2 * BURST + 9,
    SHORT = 45,
    FAST = 28,
    HELD = 8,
    TRAP_FLAG = 0x100
};

/* What the program or a handler holds. */
static struct held {
    unsigned char *block;
    size_t size;
} held[HELD];
static volatile size_t count_held;

static unsigned char *slots[BURST];
static size_t sizes[BURST];

static void keep(void *block, size_t size) {
    CHECK(count_held < HELD);
    pattern_fill(block, size, 1000 + count_held);
    held[count_held++] = (struct held){block, size};
}

/* ---- what handlers do ---- */

enum action { KEEP, KEEP_TWO, FREE, FREE_TWO, EXCHANGE, PASS, KEEP_LARGE, ACTIONS };

static unsigned char *volatile prepared[2]; /* to be freed by a handler */
static volatile bool refused;
static bool grants; /* what is asked for while a call is short */

static void take(size_t size) {
    errno = 0;
    void *const block = malloc(hide_size(size));
    if (block != NULL) {
        keep(block, size);
    } else {
        CHECK(errno == ENOMEM);
        refused = true;
    }
}

static void give(size_t i) {
    CHECK(pattern_holds(prepared[i], SIZE, 500 + i));
    free(prepared[i]);
    prepared[i] = NULL;
}

static void act(enum action action) {
    switch (action) {
    case KEEP_TWO:
        take(SIZE);
        take(SIZE);
        break;
    case FREE_TWO:
        give(0);
        give(1);
        break;
    case FREE:
        give(0);
        break;
    case EXCHANGE:
        take(SIZE);
        give(0);
        break;
    case PASS:
        free(hide(malloc(hide_size(SIZE))));
        break;
    case KEEP_LARGE:
        take(40000);
        break;
    default:
        take(SIZE);
        break;
    }
}

/* ---- stepping ---- */

static volatile size_t steps_left; /* until the handler acts; 0: it has */
static volatile size_t steps;
static volatile enum action chosen;

static void handle(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)info;
    steps++;
    if (steps_left > 0 && --steps_left == 0) {
        const int saved = errno;
        act(chosen);
        errno = saved;
    }
    if (steps_left == 0 && steps > SHORT) {
        ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
    }
}

/* Below the red zone. */
static inline void trap_on(void) {
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\torq %0, (%%rsp)\n\tpopfq\n\t"
                     "lea 128(%%rsp), %%rsp"
                     :
                     : "i"(TRAP_FLAG)
                     : "memory", "cc");
}

static inline void trap_off(void) {
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\tandq %0, (%%rsp)\n\tpopfq\n\t"
                     "lea 128(%%rsp), %%rsp"
                     :
                     : "i"(~TRAP_FLAG)
                     : "memory", "cc");
}

/* ---- the calls ---- */

static void *call(size_t number, size_t size, void *block) {
    if (number < BURST) {
        return malloc(size);
    }
    switch (number - 2 * BURST) {
    case 0:
        return calloc(1, size);
    case 1:
    case 2:
    case 3:
    case 4:
        return realloc(block, size);
    case 6:
        return aligned_alloc(256, size);
    case 8:
        (void)malloc_trim(0);
        return NULL;
    default:
        free(block);
        return NULL;
    }
}

/* Does the call and all that belongs to it; of the call, all but a few instructions is stepped. */
static void perform(size_t number, bool stepped) {
    static const size_t special[] = {SIZE, 200, 40000, 60000, 300, 0, 100, 0, 0};
    const size_t i = number < BURST ? number : number < 2 * BURST ? number - BURST : 0;
    const size_t size = number < BURST       ? SIZE
                        : number < 2 * BURST ? 0
                                             : special[number - 2 * BURST];
    void *const block = number >= BURST ? slots[i] : NULL;
    CHECK(block == NULL || pattern_holds(block, sizes[i], i));
    if (stepped) {
        trap_on();
    }
    void *const result = call(number, hide_size(size), block);
    if (stepped) {
        trap_off();
    }
    if (size != 0) {
        CHECK(result != NULL);
        CHECK(block == NULL || pattern_holds(result, size < sizes[i] ? size : sizes[i], i));
        pattern_fill(result, size, i);
    }
    slots[i] = result;
    sizes[i] = size;
}

/* Steps the call after all before it, until the handler acts at the step; false if the call was
 * over before. */
static bool interrupt(size_t number, enum action action, size_t step) {
    for (size_t i = 0; i < 2; i++) {
        prepared[i] = malloc(hide_size(SIZE));
        pattern_fill(prepared[i], SIZE, 500 + i);
    }
    for (size_t i = 0; i < number; i++) {
        perform(i, false);
    }
    chosen = action;
    refused = false;
    steps_left = step;
    steps = 0;
    perform(number, true);
    const bool acted = steps_left == 0;
    CHECK(!grants || steps > SHORT || !refused);
    for (size_t i = number + 1; i < CALLS; i++) {
        perform(i, false);
    }
    for (size_t i = 0; i < 2; i++) {
        free(prepared[i]);
    }
    while (count_held > 0) {
        count_held--;
        CHECK(pattern_holds(held[count_held].block, held[count_held].size, 1000 + count_held));
        free(held[count_held].block);
    }
    return acted;
}

/* After one in three instructions of a short call, which others are short like, and ever fewer of
 * a long one. Of the hardened mode, in which none is short, only samples. */
static void interrupt_everywhere(size_t number, enum action action) {
    const size_t apart = support_thorough() ? 1 : grants ? 3 : 11;
    const size_t most = support_thorough() ? SIZE_MAX : grants ? 4000 : 1000;
    const size_t fewer = support_thorough() ? 64 : 1;
    size_t step = 1 + (number + action) % apart;
    while (step < most && interrupt(number, action, step)) {
        step += apart + (step > SHORT ? step / fewer : 0);
    }
}

/* ---- handlers that do not return ---- */

static sigjmp_buf outside;

static void leave(int number) {
    (void)number;
    if (--steps_left == 0) {
        siglongjmp(outside, 1);
    }
}

/* What the call was about may be lost, but what comes later is as it should be. */
static void *leave_a_call(void *argument) {
    const size_t number = (size_t)argument % 2;
    unsigned char *volatile block = malloc(hide_size(SIZE));
    steps_left = 1 + (size_t)argument / 2;
    if (sigsetjmp(outside, 1) == 0) {
        trap_on();
        void *const result = call(number == 0 ? 0 : BURST, hide_size(SIZE), block);
        trap_off();
        block = result;
    }
    unsigned char *blocks[BURST];
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < BURST; i++) {
            blocks[i] = malloc(hide_size(SIZE));
            CHECK(blocks[i] != NULL);
            pattern_fill(blocks[i], SIZE, i);
        }
        for (size_t i = 0; i < BURST; i++) {
            CHECK(pattern_holds(blocks[i], SIZE, i));
            free(blocks[i]);
        }
    }
    return NULL;
}

/* Threads of their own, which then go without magazines. The first steps of a call are on its fast
 * path: what leaves a slow one is refused everything after. */
static void leave_everywhere(void) {
    const struct sigaction stepping = {.sa_handler = leave};
    CHECK(sigaction(SIGTRAP, &stepping, NULL) == 0);
    for (size_t i = 0; i < (size_t)2 * FAST; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, leave_a_call, (void *)i) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    check_library();
}

int main(int argc, char **argv) {
    support_begin(100);
    CHECK(argc == 2);
    const struct sigaction stepping = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGTRAP, &stepping, NULL) == 0);
    grants = strcmp(argv[1], "default") == 0;
    for (enum action action = 0; action < ACTIONS; action++) {
        for (size_t number = 0; number < CALLS; number++) {
            interrupt_everywhere(number, action);
        }
        check_library();
    }
    if (grants) {
        leave_everywhere();
    }
    return 0;
}

#else

int main(void) {
    return SUPPORT_SKIP;
}

#endif

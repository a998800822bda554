/* SPDX-License-Identifier: MIT */
/*
 * exhaustion data|space|conf [more]
 *
 * No memory left: NULL and ENOMEM from every entry point, blocks stay whole, the program lives,
 * and what it frees it can have again. "data" and "space" set RLIMIT_DATA and RLIMIT_AS to
 * BUDGET more than is in use now; "conf" relies on CHUNKMALLOC_CONF=limit=64M being set outside.
 * With "more" there is more memory when the limit is gone.
 */
#include "entries.h"

#include <pthread.h>
#include <sys/resource.h>

enum { BUDGET_MIB = 64 };

/* Blocks in a list through themselves, so that keeping count takes no memory. */
struct link {
    struct link *next;
    size_t size;
};

static struct link *take(struct link *head, size_t size) {
    errno = 0;
    struct link *const link = malloc(hide_size(size));
    if (link == NULL) {
        CHECK(errno == ENOMEM);
        return NULL;
    }
    link->next = head;
    link->size = size;
    return link;
}

/* More than any limit here leaves: that limit is not in force. */
static size_t too_much = 8 * BUDGET_MIB * SUPPORT_MIB;

/* Takes blocks until there are none; returns how many. */
static size_t take_all(struct link **head, size_t size) {
    size_t count = 0;
    for (struct link *link; (link = take(*head, size)) != NULL; count++) {
        *head = link;
        CHECK(count * size < too_much);
    }
    return count;
}

static size_t free_all(struct link *head) {
    size_t count = 0;
    while (head != NULL) {
        struct link *const next = head->next;
        CHECK(malloc_usable_size(head) >= head->size);
        free(head);
        head = next;
        count++;
    }
    return count;
}

static size_t free_every_other(struct link *head) {
    size_t count = 0;
    for (; head != NULL && head->next != NULL; head = head->next, count++) {
        struct link *const gone = head->next;
        head->next = gone->next;
        free(gone);
    }
    return count;
}

static void check_all_refuse(size_t size) {
    for (size_t e = 0; e < ENTRY_COUNT; e++) {
        errno = 0;
        CHECK(entries[e].get(size) == NULL);
        CHECK(errno == ENOMEM);
    }
}

static void check_block_survives(struct link *link) {
    const struct link copy = *link;
    errno = 0;
    CHECK(realloc(hide(link), 16 * BUDGET_MIB * SUPPORT_MIB) == NULL);
    CHECK(errno == ENOMEM);
    CHECK(link->next == copy.next && link->size == copy.size);
}

/* What of a budget blocks take at least. The hardened mode takes no note of what rounding up gave,
 * and needs memory to know what was asked for. */
static size_t share(size_t budget) {
    static size_t quarters;
    if (quarters == 0) {
        void *const block = malloc(hide_size(1));
        quarters = malloc_usable_size(block) == 1 ? 2 : 3;
        free(block);
    }
    return budget / 4 * quarters;
}

/* What can be had beside large blocks, where no further one fits. */
static size_t rest_beside(size_t size) {
    struct link *head = NULL;
    const size_t count = size > SUPPORT_MIB ? take_all(&head, size / 16) : 0;
    const size_t rest = count > 0 ? count * malloc_usable_size(head) : 0;
    CHECK(free_all(head) == count);
    return rest;
}

static void check_round(size_t size, size_t budget) {
    struct link *head = NULL;
    (void)share(budget);
    const size_t count = take_all(&head, size);
    CHECK(count > 0);
    CHECK(count * malloc_usable_size(head) + rest_beside(size) >= share(budget));
    check_all_refuse(budget / 2);
    check_block_survives(head);
    const size_t freed = free_every_other(head);
    size_t again = 0;
    for (struct link *link; again < freed && (link = take(head, size)) != NULL; again++) {
        head = link;
    }
    CHECK(again >= freed / 10 * 9);
    CHECK(free_all(head) == count - freed + again);
}

/* Half full of one size, then full of another: what the first left behind can be had. */
static void check_change_of_size(size_t first, size_t second, size_t budget) {
    struct link *head = NULL;
    (void)take_all(&head, first);
    (void)free_all(head);
    head = NULL;
    const size_t count = take_all(&head, second);
    CHECK(head != NULL && count * malloc_usable_size(head) >= share(budget));
    CHECK(free_all(head) == count);
}

enum { COMPETITORS = 4 };

static struct {
    pthread_t threads[COMPETITORS];
    pthread_barrier_t start;
    size_t smallest;
} competition;

static void *compete(void *argument) {
    static const size_t factors[COMPETITORS] = {1, 3, 10, 50};
    (void)pthread_barrier_wait(&competition.start);
    const size_t size = competition.smallest * factors[(size_t)argument];
    for (size_t round = 0; round < 10; round++) {
        struct link *head = NULL;
        const size_t count = take_all(&head, size);
        CHECK(free_all(head) == count);
    }
    return NULL;
}

/* Before there is a limit, which the threads' stacks would count against. */
static void prepare_competition(void) {
    CHECK(pthread_barrier_init(&competition.start, NULL, COMPETITORS + 1) == 0);
    for (size_t i = 0; i < COMPETITORS; i++) {
        CHECK(pthread_create(&competition.threads[i], NULL, compete, (void *)i) == 0);
    }
}

static void hold_competition(size_t smallest) {
    competition.smallest = smallest;
    (void)pthread_barrier_wait(&competition.start);
    for (size_t i = 0; i < COMPETITORS; i++) {
        CHECK(pthread_join(competition.threads[i], NULL) == 0);
    }
}

static size_t status_bytes(const char *name) {
    char line[256];
    size_t kib = 0;
    FILE *const file = fopen("/proc/self/status", "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            kib = strtoul(line + strlen(name), NULL, 10);
        }
    }
    CHECK(fclose(file) == 0 && kib > 0);
    return kib * SUPPORT_KIB;
}

static rlim_t set_limit(__rlimit_resource_t resource, size_t limit) {
    struct rlimit both;
    CHECK(getrlimit(resource, &both) == 0);
    const rlim_t before = both.rlim_cur;
    both.rlim_cur = limit;
    CHECK(setrlimit(resource, &both) == 0);
    return before;
}

static void check_small_budget(void) {
    const size_t budget = BUDGET_MIB * SUPPORT_MIB;
    static const size_t sizes[] = {24, 200, 1000, 5000, 40000, 200000, 1048576, 5000000};
    enum { SIZES = sizeof sizes / sizeof sizes[0] };
    for (size_t i = 0; i < SIZES; i++) {
        check_round(sizes[i], budget);
    }
    for (size_t i = 0; i < SIZES; i++) {
        check_change_of_size(sizes[i], sizes[SIZES - 1 - i], budget);
    }
    hold_competition(100);
}

/* Blocks are touched in one page only: the library's static heap is of the space already, so that
 * much more than the budget may be had. */
static void check_space(void) {
    too_much *= 32;
    check_round(SUPPORT_MIB, BUDGET_MIB * SUPPORT_MIB);
    check_round(7 * SUPPORT_MIB, BUDGET_MIB * SUPPORT_MIB);
    check_change_of_size(SUPPORT_MIB, 6 * SUPPORT_MIB, BUDGET_MIB * SUPPORT_MIB);
    hold_competition(SUPPORT_MIB / 2);
}

int main(int argc, char **argv) {
    support_begin(240);
    CHECK(argc == 2 || argc == 3);
    prepare_competition();
    if (strcmp(argv[1], "conf") == 0 || strcmp(argv[1], "limited") == 0) {
        check_small_budget();
        return 0;
    }
    const bool at_start = strcmp(argv[1], "data-at-start") == 0;
    const bool data = strcmp(argv[1], "data") == 0 || at_start;
    CHECK(data || strcmp(argv[1], "space") == 0);
    const __rlimit_resource_t resource = data ? RLIMIT_DATA : RLIMIT_AS;
    const size_t now = status_bytes(data ? "VmData:" : "VmSize:");
    const rlim_t before = set_limit(resource, now + BUDGET_MIB * SUPPORT_MIB);
    if (at_start) {
        (void)execl("/proc/self/exe", argv[0], "limited", (char *)NULL);
        CHECK(!at_start);
    }
    if (data) {
        check_small_budget();
    } else {
        check_space();
    }
    set_limit(resource, before);
    if (argc < 3) {
        return 0;
    }
    /* The limit gone, there is more. */
    void *const more = malloc(3 * BUDGET_MIB * SUPPORT_MIB);
    CHECK(more != NULL);
    memset(more, 1, SUPPORT_MIB);
    free(more);
    return 0;
}

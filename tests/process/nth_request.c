/* SPDX-License-Identifier: MIT */
/*
 * nth_request data|space|conf
 *
 * A scripted run of requests, once for each of them: when its turn comes there is no memory left
 * at all. It is refused, or does without; nothing else is harmed; and as soon as memory is freed
 * it can be made again, and the run goes on to its end. "data" and "space" set RLIMIT_DATA and
 * RLIMIT_AS; "conf" relies on CHUNKMALLOC_CONF=limit=16M being set outside. Every third request is
 * tried, on the C library's allocator every fifteenth, unless the test is to be thorough.
 */
#include "script.h"

#include <sys/mman.h>
#include <sys/resource.h>

/* What the allocator may have taken for itself since: runs for magazines. */
enum { KEPT = 256 << 10 };

/* All the memory there is, in a list through the blocks. */
struct hoard {
    struct hoard *next;
};

static enum { BY_CONF, BY_DATA, BY_SPACE } limited_by;

/* What the n-th request was answered, for the parent to count. */
static struct {
    size_t tried;
    size_t refused;
} * shared;

static __rlimit_resource_t resource(void) {
    return limited_by == BY_DATA ? RLIMIT_DATA : RLIMIT_AS;
}

static void set_limit(rlim_t limit) {
    struct rlimit both;
    CHECK(getrlimit(resource(), &both) == 0);
    both.rlim_cur = limit;
    CHECK(setrlimit(resource(), &both) == 0);
}

static struct hoard *take_all(struct hoard *hoard, size_t size, size_t *bytes) {
    for (struct hoard *block; (block = malloc(hide_size(size))) != NULL; hoard = block) {
        block->next = hoard;
        *bytes += size;
    }
    CHECK(errno == ENOMEM);
    return hoard;
}

/* Down to the last block of the smallest size. */
static struct hoard *exhaust(size_t *bytes) {
    if (limited_by != BY_CONF) {
        set_limit(1);
    }
    struct hoard *hoard = NULL;
    *bytes = 0;
    for (size_t size = (size_t)1 << 30; size >= 16; size /= 2) {
        hoard = take_all(hoard, size, bytes);
    }
    for (size_t size = 16; size <= 32768; size += size < 128 ? 16 : size / 8) {
        hoard = take_all(hoard, size, bytes);
    }
    return hoard;
}

static void give_all_back(struct hoard *hoard) {
    while (hoard != NULL) {
        struct hoard *const next = hoard->next;
        free(hoard);
        hoard = next;
    }
    if (limited_by != BY_CONF) {
        set_limit(RLIM_INFINITY);
    }
}

static void refuse(size_t n) {
    struct script script = {.refused = 0};
    for (size_t i = 0; i < n; i++) {
        CHECK(script_request(&script, i));
    }
    size_t bytes = 0;
    struct hoard *hoard = exhaust(&bytes);
    check_library();
    const bool done = script_request(&script, n);
    shared->tried++;
    shared->refused += !done;
    check_library();
    give_all_back(hoard);
    CHECK(done || script_request(&script, n));
    for (size_t i = n + 1; i < SCRIPT_REQUESTS; i++) {
        CHECK(script_request(&script, i));
    }
    script_end(&script);
    size_t again = 0;
    hoard = exhaust(&again);
    CHECK(again + KEPT >= bytes);
    give_all_back(hoard);
    (void)malloc_trim(0);
    check_library();
}

int main(int argc, char **argv) {
    support_begin(100);
    CHECK(argc == 2);
    const size_t usual = library_present() ? 3 : 15;
    const size_t step = support_thorough() ? 1 : usual;
    limited_by = strcmp(argv[1], "data") == 0 ? BY_DATA : BY_CONF;
    limited_by = strcmp(argv[1], "space") == 0 ? BY_SPACE : limited_by;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    for (size_t n = 0; n < SCRIPT_REQUESTS; n += step) {
        script_in_child(refuse, n);
    }
    printf("%zu requests without memory: %zu refused\n", shared->tried, shared->refused);
    CHECK(shared->refused > shared->tried / 8);
    return 0;
}

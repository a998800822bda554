/* SPDX-License-Identifier: MIT */
/* mlockall: the heap that is there to grow into must not become memory. */
#include "workout.h"

#include <sys/mman.h>

static const size_t most_resident = 64 * 1024 * 1024;

#ifdef TEST_LINKED
/* Of the archives' heap all can be read, and a kernel may have no page of zeros for that. */
static bool reading_takes_memory(void) {
    const size_t size = 16 * SUPPORT_MIB;
    unsigned char *const memory = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    const size_t before = resident_bytes();
    for (size_t i = 0; i < size; i += 4096) {
        (void)*(volatile unsigned char *)(memory + i);
    }
    const size_t after = resident_bytes();
    CHECK(munmap(memory, size) == 0);
    return after - before > size / 2;
}
#else
static bool reading_takes_memory(void) {
    return false;
}
#endif

int main(void) {
    support_begin(60);
    if (reading_takes_memory()) {
        return SUPPORT_SKIP;
    }
    struct support_random random = {37};
    workout(&random, 500, 100000);
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
        perror("mlockall");
        return SUPPORT_SKIP;
    }
    CHECK(resident_bytes() < most_resident);
    workout(&random, 2000, 100000);
    unsigned char *const large = malloc(20 * SUPPORT_MIB);
    CHECK(large != NULL);
    memset(large, 1, 20 * SUPPORT_MIB);
    CHECK(resident_bytes() >= 20 * SUPPORT_MIB);
    CHECK(resident_bytes() < most_resident);
    free(large);
    (void)malloc_trim(0);
    workout(&random, 2000, 100000);
    CHECK(resident_bytes() < most_resident);
    return 0;
}

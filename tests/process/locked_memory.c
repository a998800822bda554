/* SPDX-License-Identifier: MIT */
/* mlockall: the heap that is there to grow into must not become memory. */
#include "workout.h"

#include <sys/mman.h>

static const size_t most_resident = 64 * 1024 * 1024;

int main(void) {
    support_begin(60);
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

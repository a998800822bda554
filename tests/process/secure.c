/* SPDX-License-Identifier: MIT */
/* Linked with the library; says whether it runs with more rights than its caller, and whether the
 * limit of 4 MiB is in force that its caller put into CHUNKMALLOC_CONF. */
#include "../support.h"

#include <sys/auxv.h>

int main(void) {
    void *const small = hide(malloc(1000));
    CHECK(small != NULL && library_owns(small));
    void *const block = hide(malloc(hide_size(8 * SUPPORT_MIB)));
    printf("%s, %s\n", getauxval(AT_SECURE) != 0 ? "secure" : "plain",
           block != NULL ? "unlimited" : "limited");
    free(block);
    free(small);
    return 0;
}

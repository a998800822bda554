/* SPDX-License-Identifier: MIT */
/* misuse: getline into a freed buffer */
/* judge default: chunkmalloc: realloc of freed block POINTER */
/* judge hardened: chunkmalloc: realloc of freed block POINTER (SIZE bytes, allocated at SITE, freed
 * at SITE) */
#include "misuse.h"

int main(int argc, char **argv) {
    misuse_begin(argc, argv);
    FILE *const source = fopen("/proc/self/maps", "r");
    CHECK(source != NULL);
    size_t size = 16;
    char *line = announce(get(size));
    free(line);
    CHECK(getline(&line, &size, source) > 16);
    CHECK(fclose(source) == 0);
    return 0;
}

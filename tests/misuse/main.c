/* SPDX-License-Identifier: MIT */
/*
 * misuse GROUP CASE commits that error; status 0 means that nothing stopped it.
 * misuse GROUP lists the group's cases.
 */
#include "misuse.h"

void *announce_at(void *pointer, size_t offset) {
    const uintptr_t address = (uintptr_t)pointer + offset;
    char text[40];
    const int length = snprintf(text, sizeof text, "0x%lx\n", (unsigned long)address);
    CHECK(write(STDOUT_FILENO, text, (size_t)length) == length);
    return hide((void *)address);
}

void *announce(void *pointer) {
    return announce_at(pointer, 0);
}

void *get(size_t size) {
    void *const block = malloc(hide_size(size));
    CHECK(block != NULL);
    memset(block, 0x41, size);
    return block;
}

struct group {
    const char *name;
    const struct misuse_case *cases;
};

static const struct group groups[] = {
    {"double-free", double_free_cases},
    {"wrong-place", wrong_place_cases},
    {"stale", stale_cases},
    {"sized", sized_cases},
    {"foreign", foreign_cases},
};

static const struct misuse_case *cases_of(const char *group) {
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (strcmp(groups[i].name, group) == 0) {
            return groups[i].cases;
        }
    }
    support_write("no such group\n");
    _exit(2);
}

int main(int argc, char **argv) {
    support_begin(20);
    CHECK(argc == 2 || argc == 3);
    for (const struct misuse_case *found = cases_of(argv[1]); found->name != NULL; found++) {
        if (argc == 2) {
            puts(found->name);
        } else if (strcmp(found->name, argv[2]) == 0) {
            found->commit();
            return 0;
        }
    }
    return argc == 2 ? 0 : 2;
}

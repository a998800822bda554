/* SPDX-License-Identifier: MIT */
#ifndef EMULATED_CMOCKA_H
#define EMULATED_CMOCKA_H

/* What the contract's programs use of cmocka, for targets for which it is not installed. */

#include "../../support.h"

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
};

#define cmocka_unit_test(function) \
    { #function, function }
#define fail_msg(...) (fprintf(stderr, __VA_ARGS__), support_fail(__FILE__, __LINE__, "above"))
#define assert_true(condition) CHECK(condition)
#define assert_null(pointer) CHECK((pointer) == NULL)
#define assert_non_null(pointer) CHECK((pointer) != NULL)
#define assert_int_equal(one, other) CHECK((one) == (other))
#define assert_memory_equal(one, other, size) CHECK(memcmp(one, other, size) == 0)
#define assert_string_equal(one, other) CHECK(strcmp(one, other) == 0)
#define cmocka_run_group_tests(tests, set_up, tear_down) \
    emulated_run(tests, sizeof(tests) / sizeof *(tests))

static inline int emulated_run(const struct CMUnitTest *tests, size_t count) {
    for (size_t i = 0; i < count; i++) {
        fprintf(stderr, "  %s\n", tests[i].name);
        tests[i].run(NULL);
    }
    return 0;
}

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CONTRACT_SUITE_H
#define CONTRACT_SUITE_H

/* cmocka, with what it wants included before it. */

#include "entries.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* In loops: cmocka's own assertions tell neither size nor entry point. */
#define ASSERT_FOR(condition, name, size)                                     \
    do {                                                                      \
        if (!(condition)) {                                                   \
            fail_msg("%s, size %zu: not so: %s", (name), (size), #condition); \
        }                                                                     \
    } while (0)

#endif

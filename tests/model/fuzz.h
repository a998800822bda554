/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MODEL_FUZZ_H
#define TESTS_MODEL_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif

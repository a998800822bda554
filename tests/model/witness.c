/* SPDX-License-Identifier: MIT */
#include "witness.h"

struct witness witness;

void witness_hook(enum chunk_misuse kind, const void *pointer) {
    witness.count++;
    witness.kind = kind;
    witness.pointer = pointer;
}

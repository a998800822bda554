/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stddef.h>

#include "proof.h"

/*
 * Each of these contains one fault, which must be found: what the tool does not see here, it would
 * not see in the core. The kinds are those of clang's sanitizer.
 */

void wrong_claim(void);
void wrong_end(void);
void wrong_shift(void);
void wrong_shift_of_int(void);
void wrong_sum(void);
void wrong_product(void);
void wrong_division(void);
void wrong_negation(void);
void wrong_index(void);
void wrong_index_below(void);
void wrong_null(void);
void wrong_pointer(void);
void wrong_alignment(void);
void wrong_type(void);
void wrong_uninitialized(void);
void wrong_builtin(void);
void wrong_bool(void);
void wrong_return(void);
void wrong_trap(void);
void wrong_loop(void);
void wrong_narrowing(void);

static uint32_t any_words[8];

/* Found: not as claimed */
void wrong_claim(void) {
    prove(any_u32() != 4711);
}

/* Found: its end cannot be reached: it proves nothing */
void wrong_end(void) {
    const uint32_t value = any_u32();
    assume(value > 5);
    assume(value < 5);
    prove(value == 5);
}

/* Found: undefined behaviour, kind 20 */
void wrong_shift(void) {
    const uint64_t one = 1;
    prove((one << any_u32()) != 3);
}

/* Found: undefined behaviour, kind 20 */
void wrong_shift_of_int(void) {
    const uint32_t by = any_u32();
    assume(by < 32);
    prove((3 << by) != 5);
}

/* Found: undefined behaviour, kind 0 */
void wrong_sum(void) {
    const int value = (int)any_u32();
    prove(value + 1 != 0 || value == -1);
}

/* Found: undefined behaviour, kind 12 */
void wrong_product(void) {
    const int value = (int)any_u32();
    prove(value * 2 != 1);
}

/* Found: undefined behaviour, kind 3 */
void wrong_division(void) {
    const uint32_t divisor = any_u32();
    prove(7 / divisor <= 7);
}

/* Found: undefined behaviour, kind 13 */
void wrong_negation(void) {
    const int value = (int)any_u32();
    prove(-value != 1 || value == -1);
}

/* Found: outside of @any_words */
void wrong_index(void) {
    const uint32_t index = any_u32();
    assume(index <= 8);
    const uint32_t *const words = any_words;
    prove(words[index] == words[index]);
}

/* Found: points out of @any_words */
void wrong_index_below(void) {
    const uint32_t *const words = any_words + (any_u32() & 7);
    prove(words[-1] == words[-1]);
}

/* Found: no object is there */
void wrong_null(void) {
    uint32_t *const words = any_bool() ? any_words : NULL;
    prove(*words == *words);
}

static bool is_there(const uint32_t *words, uint32_t index) {
    return words + index != NULL;
}

/* Found: points out of @any_words */
void wrong_pointer(void) {
    const uint32_t index = any_u32();
    assume(index <= 9);
    prove(is_there(any_words, index));
}

/* Found: outside of @any_words */
void wrong_alignment(void) {
    const unsigned char *const bytes = (const unsigned char *)any_words;
    const uint32_t *const word = (const uint32_t *)(const void *)(bytes + (any_u32() & 15));
    prove(*word == *word);
}

/* Found: outside of @any_words */
void wrong_type(void) {
    const uint64_t *const wide = (const uint64_t *)(const void *)any_words;
    prove(*wide == *wide);
}

/* Found: not as claimed */
void wrong_uninitialized(void) {
    uint32_t value;
    if (any_bool()) {
        value = 5;
    }
    prove(value == 5);
}

/* Found: undefined behaviour, kind 8 */
void wrong_builtin(void) {
    prove(__builtin_ctz(any_u32()) < 33);
}

/* Found: undefined behaviour, kind 10 */
void wrong_bool(void) {
    unsigned char byte = (unsigned char)any_u32();
    const bool *const value = (const bool *)(const void *)&byte;
    prove(*value || !*value);
}

static int no_value(uint32_t value) {
    if (value != 7) {
        return 1;
    }
    __builtin_unreachable();
}

/* Found: undefined */
void wrong_return(void) {
    prove(no_value(any_u32()) == 1);
}

/* Found: trap */
void wrong_trap(void) {
    if (any_u32() == 4711) {
        __builtin_trap();
    }
    prove(true);
}

/* Found: more rounds than are looked at */
void wrong_loop(void) {
    const uint32_t rounds = any_u32();
    uint32_t done = 0;
    while (done < rounds) {
        done++;
    }
    prove(done == rounds);
}

/* Found: undefined behaviour, kind 7 */
void wrong_narrowing(void) {
    const int value = (int)any_u32();
    const unsigned char byte = value;
    prove(byte == (unsigned char)value);
}

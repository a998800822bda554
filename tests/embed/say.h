/* SPDX-License-Identifier: MIT */
#ifndef TESTS_EMBED_SAY_H
#define TESTS_EMBED_SAY_H

/* Text in a program without a C library. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* The program defines it. */
static void put_text(const char *text, size_t size);

/* Without division, for which a small processor needs the compiler's library. */
static inline char *say_number(char *to, uint32_t number) {
    static const uint32_t powers[] = {1000000000, 100000000, 10000000, 1000000, 100000,
                                      10000,      1000,      100,      10,      1};
    size_t i = 0;
    while (powers[i] > number && powers[i] > 1) {
        i++;
    }
    for (; i < sizeof powers / sizeof *powers; i++) {
        char digit = '0';
        for (; number >= powers[i]; number -= powers[i]) {
            digit++;
        }
        *to++ = digit;
    }
    return to;
}

/* As printf, but only %u and %s, and at most 160 bytes. */
__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...) {
    char text[160];
    char *end = text;
    va_list arguments;
    va_start(arguments, format);
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            *end++ = *format;
        } else if (*++format == 'u') {
            end = say_number(end, va_arg(arguments, unsigned));
        } else {
            for (const char *part = va_arg(arguments, const char *); *part != '\0'; part++) {
                *end++ = *part;
            }
        }
    }
    va_end(arguments);
    put_text(text, (size_t)(end - text));
}

#endif

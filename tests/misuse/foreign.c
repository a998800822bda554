/* SPDX-License-Identifier: MIT */
/* Pointers that no allocator handed out, outside the library's heap: the next allocator judges. */
#include "misuse.h"

static _Alignas(64) unsigned char in_data[4096];

static void static_memory(void) {
    free(announce(in_data + 64));
}

static void stack_memory(void) {
    _Alignas(64) unsigned char on_stack[512] = {0};
    free(announce(on_stack + 64));
    (void)hide(on_stack);
}

static void text(void) {
    static _Alignas(16) const char constant[] = "a constant, with text before what is freed";
    free(announce_at((void *)(uintptr_t)constant, 16));
}

static void one(void) {
    free(announce((void *)1));
}

static void first_page(void) {
    free(announce((void *)0xff0));
}

static void not_canonical(void) {
    free(announce((void *)0x4141414141414141));
}

static void highest(void) {
    free(announce((void *)(UINTPTR_MAX - 15)));
}

static void realloc_static(void) {
    CHECK(realloc(announce(in_data + 64), 100) != NULL);
}

static void realloc_not_canonical(void) {
    CHECK(realloc(announce((void *)0x4141414141414140), 100) != NULL);
}

const struct misuse_case foreign_cases[] = {
    {"free-static", static_memory},
    {"free-stack", stack_memory},
    {"free-constant", text},
    {"free-one", one},
    {"free-first-page", first_page},
    {"free-not-canonical", not_canonical},
    {"free-highest", highest},
    {"realloc-static", realloc_static},
    {"realloc-not-canonical", realloc_not_canonical},
    {NULL, NULL},
};

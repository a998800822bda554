/* SPDX-License-Identifier: MIT */
/*
 * expat on a heap of 256 KiB: a document is generated and parsed piece by piece, and one whose
 * single name does not fit into the heap is refused.
 */
#include "ending.h"

#include <chunkmalloc/callbacks.h>

#include <expat.h>

CHUNK_HEAP_DEFINE(heap, 4096, 64);
CHUNK_CALLBACKS_DEFINE(on_heap, &heap);

static const XML_Memory_Handling_Suite suite = {on_heap_alloc, on_heap_realloc, on_heap_free};

enum { ITEMS = 20000 };

/* What the parser has told so far. */
struct seen {
    size_t depth;
    size_t deepest;
    size_t items;
    size_t sum; /* of the attributes */
    size_t letters;
};

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **attributes) {
    struct seen *const seen = user;
    CHECK(chunk_heap_contains(&heap, name));
    seen->depth++;
    seen->deepest = seen->depth > seen->deepest ? seen->depth : seen->deepest;
    if (strcmp(name, "item") == 0) {
        CHECK(attributes[0] != NULL && strcmp(attributes[0], "number") == 0);
        seen->items++;
        seen->sum += strtoul(attributes[1], NULL, 10);
    }
}

static void XMLCALL on_end(void *user, const XML_Char *name) {
    struct seen *const seen = user;
    (void)name;
    seen->depth--;
}

static void XMLCALL on_text(void *user, const XML_Char *text, int length) {
    struct seen *const seen = user;
    (void)text;
    seen->letters += (size_t)length;
}

static XML_Parser parser_on_heap(struct seen *seen) {
    XML_Parser parser = XML_ParserCreate_MM("UTF-8", &suite, NULL);
    CHECK(chunk_heap_contains(&heap, parser));
    XML_SetUserData(parser, seen);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    return parser;
}

static void feed(XML_Parser parser, const char *text) {
    CHECK(XML_Parse(parser, text, (int)strlen(text), 0) == XML_STATUS_OK);
}

static void parse_items(void) {
    struct seen seen = {0};
    XML_Parser parser = parser_on_heap(&seen);
    feed(parser, "<?xml version='1.0'?><!DOCTYPE list [<!ENTITY four 'text'>]><list>");
    for (int i = 0; i < ITEMS; i++) {
        char text[100];
        (void)snprintf(text, sizeof text, "<item number='%d'><inner>&four;</inner></item>", i);
        feed(parser, text);
    }
    CHECK(XML_Parse(parser, "</list>", 7, 1) == XML_STATUS_OK);
    XML_ParserFree(parser);
    CHECK(seen.items == ITEMS && seen.sum == (size_t)ITEMS * (ITEMS - 1) / 2);
    CHECK(seen.letters == 4 * ITEMS && seen.depth == 0 && seen.deepest == 3);
}

static void parse_too_much(void) {
    static char name[1 << 20];
    struct seen seen = {0};
    XML_Parser parser = parser_on_heap(&seen);
    memset(name, 'a', sizeof name);
    name[0] = '<';
    name[sizeof name - 1] = '>';
    CHECK(XML_Parse(parser, name, sizeof name, 1) == XML_STATUS_ERROR);
    CHECK(XML_GetErrorCode(parser) == XML_ERROR_NO_MEMORY);
    XML_ParserFree(parser);
}

int main(void) {
    parse_items();
    parse_too_much();
    parse_items();
    CHECK(on_heap_calloc(SIZE_MAX / 2, 3) == NULL);
    check_ending("expat", &heap);
    return 0;
}

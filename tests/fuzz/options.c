/* SPDX-License-Identifier: MIT */
/*
 * The parser of CHUNKMALLOC_CONF, against rules told in another way: each item between commas has
 * its effect, or one line that quotes it, whatever the others are.
 */
#include "fuzz.h"

#include "host/options.h"

#include <ctype.h>
#include <inttypes.h>
#include <sys/mman.h>

enum { TEXT_MAX = 4096, SAID_MAX = TEXT_MAX * 64 };

struct outcome {
    struct cm_options options;
    size_t said;
    char text[SAID_MAX + 1];
};

static int descriptor = -1;

static void parse(struct outcome *outcome, const struct cm_options *from, const char *text) {
    outcome->options = *from;
    FUZZ_CHECK(ftruncate(descriptor, 0) == 0 && lseek(descriptor, 0, SEEK_SET) == 0);
    cm_options_parse(&outcome->options, text, descriptor);
    const ssize_t said = pread(descriptor, outcome->text, SAID_MAX, 0);
    FUZZ_CHECK(said >= 0 && said < SAID_MAX);
    outcome->said = (size_t)said;
    outcome->text[said] = '\0';
}

static bool same(const struct cm_options *a, const struct cm_options *b) {
    return a->limit == b->limit && a->keep == b->keep && a->second == b->second &&
           a->thp == b->thp && a->harden == b->harden && a->stats_at_exit == b->stats_at_exit &&
           a->verbose == b->verbose;
}

/* Digits, and perhaps one letter for a power of 1024. */
static bool read_size(const char *text, uint64_t *size) {
    static const char units[] = "kKmMgGtT";
    char *end;
    if (!isdigit((unsigned char)text[0])) {
        return false;
    }
    errno = 0;
    const uintmax_t number = strtoumax(text, &end, 10);
    if (errno != 0 || (*end != '\0' && (end[1] != '\0' || strchr(units, *end) == NULL))) {
        return false;
    }
    const size_t power = *end == '\0' ? 0 : (size_t)(strchr(units, *end) - units) / 2 + 1;
    uint64_t bytes = number;
    for (size_t i = 0; i < power; i++) {
        if (bytes > UINT64_MAX / 1024) {
            return false;
        }
        bytes *= 1024;
    }
    *size = bytes;
    return true;
}

/* What the item makes of the options; false if it is to be complained about. */
static bool expect(struct cm_options *options, const char *item) {
    const struct {
        const char *name;
        const char *yes;
        bool *flag;
    } flags[] = {
        {"second=", "on", &options->second},         {"thp=", "on", &options->thp},
        {"harden=", "on", &options->harden},         {"verbose=", "on", &options->verbose},
        {"stats=", "exit", &options->stats_at_exit},
    };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        const size_t length = strlen(flags[i].name);
        if (strncmp(item, flags[i].name, length) == 0) {
            const bool yes = strcmp(item + length, flags[i].yes) == 0;
            const bool known = yes || strcmp(item + length, "off") == 0;
            *flags[i].flag = known ? yes : *flags[i].flag;
            return known;
        }
    }
    uint64_t size;
    if (strncmp(item, "keep=", 5) == 0) {
        return read_size(item + 5, &options->keep);
    }
    if (strncmp(item, "limit=", 6) == 0 && read_size(item + 6, &size) &&
        (size == 0 || size >= SUPPORT_MIB)) {
        options->limit = size;
        return true;
    }
    return false;
}

/* Ends with the item in quotes, and says whose it is. */
static bool quotes(const struct outcome *outcome, const char *item) {
    static const char start[] = "chunkmalloc: CHUNKMALLOC_CONF: ";
    static const char end[] = "'; ignored\n";
    const size_t tail = 2 + strlen(item) + sizeof end - 1;
    if (strncmp(outcome->text, start, sizeof start - 1) != 0 || outcome->said < tail) {
        return false;
    }
    const char *const at = outcome->text + outcome->said - tail;
    return strncmp(at, " '", 2) == 0 && strncmp(at + 2, item, strlen(item)) == 0 &&
           strcmp(at + 2 + strlen(item), end) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct cm_options defaults = CM_OPTIONS_DEFAULT;
    static struct outcome whole;
    static struct outcome part;
    static char text[TEXT_MAX + 1];
    static char item[TEXT_MAX + 1];
    static char told[TEXT_MAX + 4];
    if (descriptor < 0) {
        descriptor = memfd_create("complaints", 0);
        FUZZ_CHECK(descriptor >= 0);
    }
    size = strnlen((const char *)data, size < TEXT_MAX ? size : TEXT_MAX);
    memcpy(text, data, size);
    text[size] = '\0';
    parse(&whole, &defaults, text);
    struct cm_options expected = defaults;
    size_t said = 0;
    for (const char *at = text; *at != '\0'; at += *at == ',') {
        const size_t length = strcspn(at, ",");
        memcpy(item, at, length);
        item[length] = '\0';
        at += length;
        parse(&part, &expected, item);
        (void)snprintf(told, sizeof told, "%s%s", item, strchr(item, '=') == NULL ? "=on" : "");
        const bool good = length == 0 || expect(&expected, told);
        FUZZ_CHECK(same(&part.options, &expected));
        FUZZ_CHECK(good ? part.said == 0 : quotes(&part, item));
        FUZZ_CHECK(part.said <= whole.said - said);
        FUZZ_CHECK(memcmp(whole.text + said, part.text, part.said) == 0);
        said += part.said;
    }
    FUZZ_CHECK(said == whole.said && same(&whole.options, &expected));
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "footprint.h"
#include "out.h"
#include "runs.h"
#include "sys.h"
#include <string.h>
#include <unistd.h>

#define VARIABLE "CHUNKMALLOC_CONF"

struct cm_options cm_options = CM_OPTIONS_DEFAULT;

/* A part of the variable's value. */
struct word {
    const char *start;
    size_t size;
};

static bool is(struct word word, const char *text) {
    return strlen(text) == word.size && memcmp(word.start, text, word.size) == 0;
}

static bool parse_size(struct word word, uint64_t *size) {
    static const char units[] = "KMGT";
    uint64_t number = 0;
    size_t i = 0;
    for (; i < word.size && word.start[i] >= '0' && word.start[i] <= '9'; i++) {
        if (__builtin_mul_overflow(number, 10u, &number) ||
            __builtin_add_overflow(number, (unsigned)(word.start[i] - '0'), &number)) {
            return false;
        }
    }
    if (i == 0) {
        return false;
    }
    if (i < word.size) {
        const char *const unit = strchr(units, word.start[i] & ~0x20);
        if (unit == NULL || *unit == '\0' || i + 1 != word.size) {
            return false;
        }
        const unsigned shift = 10 * (unsigned)(unit - units + 1);
        if (number > UINT64_MAX >> shift) {
            return false;
        }
        number <<= shift;
    }
    *size = number;
    return true;
}

/* Less than a program needs to start would stop it. */
static bool parse_limit(struct word word, uint64_t *limit) {
    enum { LEAST = 1 << 20 };
    uint64_t size = 0;
    if (!parse_size(word, &size) || (size != 0 && size < LEAST)) {
        return false;
    }
    *limit = size;
    return true;
}

/* One of two words: sets *flag to whether it is the second. */
static bool parse_choice(struct word word, const char *no, const char *yes, bool *flag) {
    const bool chosen = is(word, yes);
    if (!chosen && !is(word, no)) {
        return false;
    }
    *flag = chosen;
    return true;
}

static const char *apply(struct cm_options *options, struct word name, struct word value) {
    if (is(name, "limit")) {
        return parse_limit(value, &options->limit) ? NULL : "0 or at least 1M is expected in";
    }
    if (is(name, "keep")) {
        return parse_size(value, &options->keep) ? NULL : "a size such as 64M is expected in";
    }
    if (is(name, "second")) {
        return parse_choice(value, "off", "on", &options->second) ? NULL : "on or off expected in";
    }
    if (is(name, "thp")) {
        return parse_choice(value, "off", "on", &options->thp) ? NULL : "on or off expected in";
    }
    if (is(name, "harden")) {
        return parse_choice(value, "off", "on", &options->harden) ? NULL : "on or off expected in";
    }
    if (is(name, "stats")) {
        return parse_choice(value, "off", "exit", &options->stats_at_exit)
                   ? NULL
                   : "off or exit expected in";
    }
    if (is(name, "verbose")) {
        return parse_choice(value, "off", "on", &options->verbose) ? NULL : "on or off expected in";
    }
    return "no such option:";
}

static void complain(int fd, const char *complaint, struct word item) {
    struct cm_out out = cm_out_to(fd);
    cm_out_text(&out, "chunkmalloc: " VARIABLE ": ");
    cm_out_text(&out, complaint);
    cm_out_text(&out, " '");
    cm_out_bytes(&out, item.start, item.size);
    cm_out_text(&out, "'; ignored\n");
    (void)cm_out_flush(&out);
}

void cm_options_parse(struct cm_options *options, const char *text, int complaints) {
    while (text != NULL && *text != '\0') {
        const struct word item = {text, strcspn(text, ",")};
        const char *const equals = (const char *)memchr(text, '=', item.size);
        text += item.size + (text[item.size] == ',');
        if (item.size == 0) {
            continue;
        }
        const struct word name = {item.start,
                                  equals != NULL ? (size_t)(equals - item.start) : item.size};
        const struct word value = equals != NULL
                                      ? (struct word){equals + 1, item.size - name.size - 1}
                                      : (struct word){"on", strlen("on")};
        const char *const complaint = apply(options, name, value);
        if (complaint != NULL) {
            complain(complaints, complaint, item);
        }
    }
}

static void echo(const struct cm_options *options) {
    struct cm_out out = cm_out_to(STDERR_FILENO);
    cm_out_text(&out, "chunkmalloc: limit=");
    cm_out_number(&out, options->limit);
    cm_out_text(&out, ",keep=");
    cm_out_number(&out, options->keep);
    cm_out_text(&out, options->second ? ",second=on" : ",second=off");
    cm_out_text(&out, options->thp ? ",thp=on" : ",thp=off");
    cm_out_text(&out, options->harden ? ",harden=on" : ",harden=off");
    cm_out_text(&out, options->stats_at_exit ? ",stats=exit" : ",stats=off");
    cm_out_text(&out, ",verbose=on\n");
    (void)cm_out_flush(&out);
}

static const char *find_variable(char *const *environment) {
    for (; environment != NULL && *environment != NULL; environment++) {
        if (strncmp(*environment, VARIABLE "=", sizeof VARIABLE) == 0) {
            return *environment + sizeof VARIABLE;
        }
    }
    return NULL;
}

void cm_options_read(char *const *environment) {
    const char *const text = find_variable(environment);
    if (text == NULL || cm_sys_is_privileged()) {
        return;
    }
    cm_options_parse(&cm_options, text, STDERR_FILENO);
    if (cm_options.limit != 0) {
        cm_region_limit = cm_options.limit >> CM_CHUNK_SHIFT;
    }
    cm_footprint_keep(cm_options.keep >> CM_CHUNK_SHIFT);
    cm_region_second_allowed = cm_options.second;
    cm_region_huge_pages = cm_options.thp;
    if (cm_options.verbose) {
        echo(&cm_options);
    }
}

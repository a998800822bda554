/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "capture.h"
#include "host/options.h"
#include "host/region.h"

static const struct cm_options defaults = CM_OPTIONS_DEFAULT;

/* Parses the text over the defaults; what was complained about is in the capture. */
static struct cm_options parse(const char *text, struct capture *capture) {
    struct cm_options options = defaults;
    capture_begin(capture);
    cm_options_parse(&options, text, capture->fd);
    capture_end(capture);
    return options;
}

static struct cm_options parse_quietly(const char *text) {
    struct capture capture;
    const struct cm_options options = parse(text, &capture);
    assert_string_equal(capture.text, "");
    return options;
}

static void assert_defaults(const struct cm_options *options) {
    assert_int_equal(options->limit, defaults.limit);
    assert_int_equal(options->keep, defaults.keep);
    assert_int_equal(options->second, defaults.second);
    assert_int_equal(options->thp, defaults.thp);
    assert_int_equal(options->harden, defaults.harden);
    assert_int_equal(options->stats_at_exit, defaults.stats_at_exit);
    assert_int_equal(options->verbose, defaults.verbose);
}

static void assert_ignored(const char *text, const char *item) {
    struct capture capture;
    const struct cm_options options = parse(text, &capture);
    assert_defaults(&options);
    assert_non_null(strstr(capture.text, item));
    assert_non_null(strstr(capture.text, "CHUNKMALLOC_CONF"));
    assert_int_equal(capture_lines(&capture), 1);
}

static void nothing_changes_nothing(void **state) {
    (void)state;
    static const char *const texts[] = {NULL, "", ",", ",,,"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct cm_options options = parse_quietly(texts[i]);
        assert_defaults(&options);
    }
}

static void sizes_with_and_without_units(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t limit;
    } cases[] = {
        {"limit=0", 0},
        {"limit=123456789", 123456789},
        {"limit=2000K", 2000 << 10},
        {"limit=2000k", 2000 << 10},
        {"limit=64M", 64 << 20},
        {"limit=64m", 64 << 20},
        {"limit=2G", UINT64_C(2) << 30},
        {"limit=5T", UINT64_C(5) << 40},
        {"limit=18446744073709551615", UINT64_MAX},
        {"limit=16777215T", UINT64_C(16777215) << 40},
        {"limit=5M,limit=7M", 7 << 20},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(parse_quietly(cases[i].text).limit, cases[i].limit);
    }
}

static void every_option_is_taken_over(void **state) {
    (void)state;
    const struct cm_options options =
        parse_quietly("limit=1M,keep=0,second=off,thp=on,stats=exit,verbose=on");
    assert_int_equal(options.limit, 1 << 20);
    assert_int_equal(options.keep, 0);
    assert_false(options.second);
    assert_true(options.thp);
    assert_true(options.stats_at_exit);
    assert_true(options.verbose);
    const struct cm_options back =
        parse_quietly("second=off,second=on,stats=exit,stats=off,verbose=on,verbose=off,,thp=on,"
                      "thp=off,keep=256K,");
    assert_defaults(&back);
}

static void what_can_be_on_is_so_by_its_name_alone(void **state) {
    (void)state;
    const struct cm_options options = parse_quietly("thp,harden,verbose,second");
    assert_true(options.thp && options.harden && options.verbose && options.second);
    assert_false(parse_quietly("harden,harden=off").harden);
    assert_true(parse_quietly("harden=off,harden=on").harden);
    assert_ignored("stats", "off or exit expected in 'stats'");
    assert_ignored("keep", "a size such as 64M is expected in 'keep'");
    assert_ignored("hard", "no such option: 'hard'");
}

static void what_is_not_understood_is_named_and_ignored(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "limit=",          "limit=1",
        "limit=1023K",     "limit=x",
        "limit=-1",        "limit=+1",
        "limit= 1",        "limit=1KB",
        "limit=1 ",        "limit=1.5M",
        "limit=K",         "limit=0x10",
        "limit=1B",        "limit=18446744073709551616",
        "limit=16777216T", "limit=99999999999999999999999999",
        "keep=no",         "second=maybe",
        "thp=always",      "second=",
        "second=On",       "stats=on",
        "stats=exitx",     "verbose=1",
        "Limit=1",         "limits=1",
        "lim=1",           "=1",
        "limit",           "nonsense",
        "color=red",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_ignored(wrong[i], wrong[i]);
    }
}

static void one_wrong_item_does_not_spoil_the_others(void **state) {
    (void)state;
    struct capture capture;
    const struct cm_options options = parse("keep=5,bogus=1,,limit=9M,what,second=off", &capture);
    assert_int_equal(options.keep, 5);
    assert_int_equal(options.limit, 9 << 20);
    assert_false(options.second);
    assert_int_equal(capture_lines(&capture), 2);
    assert_non_null(strstr(capture.text, "'bogus=1'"));
    assert_non_null(strstr(capture.text, "'what'"));
}

static void the_environment_is_read(void **state) {
    (void)state;
    char before[] = "CHUNKMALLOC_CON=limit=1M";
    char longer[] = "CHUNKMALLOC_CONFX=limit=2M";
    char wanted[] = "CHUNKMALLOC_CONF=limit=8M,keep=5M,second=off";
    char again[] = "CHUNKMALLOC_CONF=limit=16M";
    char *const without[] = {before, longer, NULL};
    char *const with[] = {before, longer, wanted, again, NULL};
    cm_options_read(NULL);
    cm_options_read(without);
    assert_defaults(&cm_options);
    assert_true(cm_region_limit == UINT64_MAX);
    assert_true(cm_region_second_allowed);
    cm_options_read(with);
    assert_int_equal(cm_options.limit, 8 << 20);
    assert_int_equal(cm_options.keep, 5 << 20);
    assert_int_equal(cm_region_limit, (8 << 20) / CM_CHUNK_SIZE);
    assert_false(cm_region_second_allowed);
}

static void speak(void *context) {
    const struct capture *const capture = context;
    char conf[] = "CHUNKMALLOC_CONF=limit=3M,keep=2M,second=on,stats=off,verbose=on";
    char *const environment[] = {conf, NULL};
    (void)dup2(capture->fd, STDERR_FILENO);
    cm_options_read(environment);
}

static void what_is_in_force_can_be_read_again(void **state) {
    (void)state;
    struct capture capture;
    capture_begin(&capture);
    assert_int_equal(fixture_signal_of(speak, &capture), 0);
    capture_end(&capture);
    assert_int_equal(capture_lines(&capture), 1);
    const char *const values = strstr(capture.text, "limit=");
    assert_non_null(values);
    capture.text[capture.size - 1] = '\0';
    const struct cm_options options = parse_quietly(values);
    assert_int_equal(options.limit, 3 << 20);
    assert_int_equal(options.keep, 2 << 20);
    assert_true(options.second);
    assert_false(options.stats_at_exit);
    assert_true(options.verbose);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_changes_nothing),
        cmocka_unit_test(sizes_with_and_without_units),
        cmocka_unit_test(every_option_is_taken_over),
        cmocka_unit_test(what_can_be_on_is_so_by_its_name_alone),
        cmocka_unit_test(what_is_not_understood_is_named_and_ignored),
        cmocka_unit_test(one_wrong_item_does_not_spoil_the_others),
        cmocka_unit_test(what_is_in_force_can_be_read_again),
        cmocka_unit_test(the_environment_is_read),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}

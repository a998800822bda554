/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "capture.h"
#include "host/hard.h"
#include "host/out.h"

static void numbers_and_pointers(void **state) {
    (void)state;
    struct capture capture;
    capture_begin(&capture);
    struct cm_out out = cm_out_to(capture.fd);
    static const uint64_t numbers[] = {0, 9, 10, 1234567890, UINT64_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        cm_out_number(&out, numbers[i]);
        cm_out_text(&out, " ");
    }
    cm_out_pointer(&out, NULL);
    cm_out_text(&out, " ");
    cm_out_pointer(&out, (const void *)(uintptr_t)0x7f00deadbeef);
    cm_out_text(&out, " ");
    cm_out_pointer(&out, (const void *)UINTPTR_MAX);
    assert_true(cm_out_flush(&out));
    capture_end(&capture);
    assert_string_equal(capture.text, "0 9 10 1234567890 18446744073709551615 0x0 0x7f00deadbeef "
                                      "0xffffffffffffffff");
}

static void nothing_is_written_before_it_must_be(void **state) {
    (void)state;
    struct capture capture;
    capture_begin(&capture);
    struct cm_out out = cm_out_to(capture.fd);
    cm_out_text(&out, "not yet");
    cm_out_bytes(&out, "", 0);
    capture_end(&capture);
    assert_string_equal(capture.text, "");
}

static void text_longer_than_the_buffer_comes_out_whole(void **state) {
    (void)state;
    static const size_t parts[] = {1, 7, 479, 480, 481, 1000, 4000};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char text[4000];
        size_t total = 0;
        struct capture capture;
        capture_begin(&capture);
        struct cm_out out = cm_out_to(capture.fd);
        while (total + parts[i] <= 4000) {
            for (size_t at = 0; at < parts[i]; at++) {
                text[at] = (char)('a' + (total + at) % 26);
            }
            cm_out_bytes(&out, text, parts[i]);
            total += parts[i];
        }
        assert_true(cm_out_flush(&out));
        capture_end(&capture);
        assert_int_equal(capture.size, total);
        for (size_t at = 0; at < total; at++) {
            assert_int_equal(capture.text[at], 'a' + at % 26);
        }
    }
}

static void failure_is_told_with_its_errno(void **state) {
    (void)state;
    struct cm_out out = cm_out_to(-1);
    cm_out_text(&out, "lost");
    errno = 0;
    assert_false(cm_out_flush(&out));
    assert_int_equal(errno, EBADF);
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    out = cm_out_to(full);
    cm_out_text(&out, "lost");
    assert_false(cm_out_flush(&out));
    assert_int_equal(errno, ENOSPC);
    cm_out_text(&out, "more");
    assert_false(cm_out_flush(&out));
    assert_int_equal(close(full), 0);
}

static void die(void *context) {
    const struct capture *const capture = context;
    (void)dup2(capture->fd, STDERR_FILENO);
    cm_die("something bad", " at", (const void *)(uintptr_t)0x1230);
}

static void dying_says_why(void **state) {
    (void)state;
    struct capture capture;
    capture_begin(&capture);
    assert_int_equal(fixture_signal_of(die, &capture), SIGABRT);
    capture_end(&capture);
    assert_string_equal(capture.text, "chunkmalloc: something bad at 0x1230\n");
}

struct report {
    const struct capture *capture;
    size_t size;
    bool sites;
};

static void die_with(void *context);

/* Allocated by one function, and freed by the other, as far as its record tells. */
static const void *freed_block(void) {
    assert_true(cm_hard_start());
    void *const block = cm_hard_alloc(100, 1, (const void *)(uintptr_t)&die);
    assert_non_null(block);
    const struct cm_region *const region = cm_region_of(block);
    const unsigned kind = region->kinds[cm_offset_in(region, block) >> CM_CHUNK_SHIFT];
    assert_true(
        cm_hard_free((struct cm_place){region, kind}, block, (const void *)(uintptr_t)&die_with));
    return block;
}

static void die_with(void *context) {
    const struct report *const report = context;
    const void *const block = report->sites ? freed_block() : (const void *)(uintptr_t)0x1230;
    (void)dup2(report->capture->fd, STDERR_FILENO);
    cm_die_with("something bad", " at", block, report->size);
}

static void dying_says_what_is_known(void **state) {
    (void)state;
    static const char *const endings[] = {
        "\n", " (112 bytes)\n", " (allocated at unit_out+0x%x, freed at unit_out+0x%x)\n%n",
        " (112 bytes, allocated at unit_out+0x%x, freed at unit_out+0x%x)\n%n"};
    for (unsigned i = 0; i < 4; i++) {
        struct capture capture;
        struct report report = {&capture, i % 2 == 1 ? 112 : 0, i >= 2};
        const char *const said = "chunkmalloc: something bad at 0x";
        capture_begin(&capture);
        assert_int_equal(fixture_signal_of(die_with, &report), SIGABRT);
        capture_end(&capture);
        assert_int_equal(strncmp(capture.text, said, strlen(said)), 0);
        const char *const pointer = capture.text + strlen(said);
        const char *const rest = pointer + strspn(pointer, "0123456789abcdef");
        if (report.sites) {
            unsigned allocated = 0;
            unsigned freed = 0;
            int length = 0;
            assert_int_equal(sscanf(rest, endings[i], &allocated, &freed, &length), 2);
            assert_int_equal(length, strlen(rest));
            assert_int_equal(freed - allocated, (uintptr_t)&die_with - (uintptr_t)&die);
        } else {
            assert_string_equal(rest, endings[i]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_pointers),
        cmocka_unit_test(nothing_is_written_before_it_must_be),
        cmocka_unit_test(text_longer_than_the_buffer_comes_out_whole),
        cmocka_unit_test(failure_is_told_with_its_errno),
        cmocka_unit_test(dying_says_why),
        cmocka_unit_test(dying_says_what_is_known),
    };
    return cmocka_run_group_tests_name("out", tests, NULL, NULL);
}

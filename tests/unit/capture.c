/* SPDX-License-Identifier: MIT */
#include "capture.h"

#include "fixture.h"

void capture_begin(struct capture *capture) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    capture->read_end = ends[0];
    capture->fd = ends[1];
    capture->size = 0;
}

void capture_end(struct capture *capture) {
    assert_int_equal(close(capture->fd), 0);
    for (;;) {
        const size_t room = sizeof capture->text - 1 - capture->size;
        const ssize_t got = read(capture->read_end, capture->text + capture->size, room);
        assert_true(got >= 0);
        if (got == 0) {
            break;
        }
        capture->size += (size_t)got;
    }
    capture->text[capture->size] = '\0';
    assert_int_equal(close(capture->read_end), 0);
}

size_t capture_lines(const struct capture *capture) {
    size_t lines = 0;
    for (size_t i = 0; i < capture->size; i++) {
        lines += capture->text[i] == '\n';
    }
    assert_true(capture->size == 0 || capture->text[capture->size - 1] == '\n');
    return lines;
}

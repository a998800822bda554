/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "host/sys.h"

enum { STRANGE_ERRNO = 4711 };

static void write_byte(void *address) {
    *(volatile unsigned char *)address = 1;
}

static void read_byte(void *address) {
    (void)*(volatile unsigned char *)address;
}

static void the_page_size_is_the_systems(void **state) {
    (void)state;
    errno = STRANGE_ERRNO;
    assert_int_equal(cm_sys_page_size(), sysconf(_SC_PAGESIZE));
    assert_int_equal(cm_sys_page_size(), sysconf(_SC_PAGESIZE));
    assert_int_equal(errno, STRANGE_ERRNO);
}

static void memory_is_about_what_the_system_says(void **state) {
    (void)state;
    const size_t pages = (size_t)sysconf(_SC_PHYS_PAGES);
    assert_int_equal(cm_sys_memory() / cm_sys_page_size(), pages);
}

static void this_program_has_no_more_rights_than_its_caller(void **state) {
    (void)state;
    assert_false(cm_sys_is_privileged());
}

static void reserved_memory_must_be_unlocked(void **state) {
    (void)state;
    const size_t page = cm_sys_page_size();
    errno = STRANGE_ERRNO;
    unsigned char *const start = cm_sys_reserve(8 * page);
    assert_non_null(start);
    assert_int_equal(fixture_signal_of(read_byte, start), SIGSEGV);
    assert_true(cm_sys_unlock(start + page + page / 2, page));
    assert_int_equal(fixture_signal_of(write_byte, start + page - 1), SIGSEGV);
    assert_int_equal(fixture_signal_of(write_byte, start + page), 0);
    assert_int_equal(fixture_signal_of(write_byte, start + 3 * page - 1), 0);
    assert_int_equal(fixture_signal_of(write_byte, start + 3 * page), SIGSEGV);
    assert_true(cm_sys_lock(start + page + 1, 2 * page - 1));
    assert_int_equal(fixture_signal_of(write_byte, start + page), 0);
    assert_int_equal(fixture_signal_of(read_byte, start + 2 * page), 0);
    assert_int_equal(fixture_signal_of(write_byte, start + 2 * page), SIGSEGV);
    assert_true(cm_sys_forbid(start + page + 1, 2 * page - 1));
    assert_int_equal(fixture_signal_of(write_byte, start + page), 0);
    assert_int_equal(fixture_signal_of(read_byte, start + 2 * page), SIGSEGV);
    assert_true(cm_sys_forbid(start + 1, page - 2));
    cm_sys_unreserve(start, 8 * page);
    assert_int_equal(fixture_signal_of(write_byte, start + page), SIGSEGV);
    assert_int_equal(errno, STRANGE_ERRNO);
}

static void marked_memory_cannot_be_touched(void **state) {
    (void)state;
    const size_t page = cm_sys_page_size();
    unsigned char *const start = cm_sys_reserve(4 * page);
    assert_non_null(start);
    assert_true(cm_sys_unlock(start, 4 * page));
    errno = STRANGE_ERRNO;
    if (!cm_sys_has_markers(start)) {
        assert_int_equal(errno, STRANGE_ERRNO);
        skip(); /* before Linux 6.13 */
    }
    memset(start, 1, 4 * page);
    assert_true(cm_sys_mark(start + page, 2 * page));
    assert_int_equal(fixture_signal_of(write_byte, start + page - 1), 0);
    assert_int_equal(fixture_signal_of(read_byte, start + page), SIGSEGV);
    assert_int_equal(fixture_signal_of(write_byte, start + 3 * page - 1), SIGSEGV);
    assert_int_equal(fixture_signal_of(write_byte, start + 3 * page), 0);
    assert_true(cm_sys_unmark(start, 4 * page));
    assert_int_equal(start[page], 0);
    assert_int_equal(start[3 * page], 1);
    assert_true(cm_sys_forbid(start, page));
    assert_true(cm_sys_permit(start, page));
    assert_int_equal(start[0], 1);
    cm_sys_unreserve(start, 4 * page);
    assert_false(cm_sys_mark(start, page));
    assert_int_equal(errno, STRANGE_ERRNO);
}

static void it_is_known_what_can_be_read(void **state) {
    (void)state;
    const size_t page = cm_sys_page_size();
    unsigned char *const start = cm_sys_reserve(4 * page);
    assert_non_null(start);
    errno = STRANGE_ERRNO;
    assert_false(cm_sys_is_readable(start + page, page));
    assert_true(cm_sys_unlock(start + page, 2 * page));
    assert_true(cm_sys_lock(start + 2 * page, page));
    assert_true(cm_sys_is_readable(start + page, 2 * page));
    assert_true(cm_sys_is_readable(start + page, 8));
    assert_false(cm_sys_is_readable(start + page - 1, 9));
    assert_false(cm_sys_is_readable(start + 3 * page - 8, 9));
    assert_true(cm_sys_forbid(start + 2 * page, page));
    assert_false(cm_sys_is_readable(start + page, page + 8));
    cm_sys_unreserve(start, 4 * page);
    assert_false(cm_sys_is_readable(start + page, 8));
    assert_int_equal(errno, STRANGE_ERRNO);
}

static void what_cannot_be_had_is_refused(void **state) {
    (void)state;
    errno = STRANGE_ERRNO;
    assert_null(cm_sys_reserve((size_t)1 << 60));
    unsigned char *const start = cm_sys_reserve(cm_sys_page_size());
    assert_non_null(start);
    cm_sys_unreserve(start, cm_sys_page_size());
    assert_false(cm_sys_unlock(start, 1));
    assert_false(cm_sys_purge(start, cm_sys_page_size()));
    assert_int_equal(errno, STRANGE_ERRNO);
}

static void purged_memory_is_zero(void **state) {
    (void)state;
    const size_t page = cm_sys_page_size();
    unsigned char *const start = cm_sys_reserve(4 * page);
    assert_non_null(start);
    assert_true(cm_sys_unlock(start, 4 * page));
    memset(start, 7, 4 * page);
    assert_true(cm_sys_purge(start + page, 2 * page));
    assert_int_equal(start[page - 1], 7);
    assert_true(all_zero(start + page, 2 * page));
    assert_int_equal(start[3 * page], 7);
    cm_sys_omit_from_dumps(start + 1, 4 * page - 2);
    cm_sys_omit_from_dumps(start + 1, 1);
    assert_int_equal(start[0], 7);
    cm_sys_unreserve(start, 4 * page);
}

static void writing_tells_errno(void **state) {
    (void)state;
    errno = 0;
    assert_int_equal(cm_sys_write(-1, "x", 1), -1);
    assert_int_equal(errno, EBADF);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_size_is_the_systems),
        cmocka_unit_test(memory_is_about_what_the_system_says),
        cmocka_unit_test(this_program_has_no_more_rights_than_its_caller),
        cmocka_unit_test(reserved_memory_must_be_unlocked),
        cmocka_unit_test(marked_memory_cannot_be_touched),
        cmocka_unit_test(it_is_known_what_can_be_read),
        cmocka_unit_test(what_cannot_be_had_is_refused),
        cmocka_unit_test(purged_memory_is_zero),
        cmocka_unit_test(writing_tells_errno),
    };
    return cmocka_run_group_tests_name("sys", tests, NULL, NULL);
}

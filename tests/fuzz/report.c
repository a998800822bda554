/* SPDX-License-Identifier: MIT */
/*
 * What the statistics look like in text, in JSON and in the XML of malloc_info, after the blocks
 * that the input says: each must be well-formed, and read back say what the structure does.
 */
#include "fuzz.h"

#include "wrapped.h"

#include <chunkmalloc/chunkmalloc.h>
#include <inttypes.h>
#include <sys/mman.h>

enum { SLOTS = 64, SAID_MAX = 8192 };

#define FIELD(name) \
    { #name, offsetof(struct chunkmalloc_stats, name) }

static const struct {
    const char *name;
    size_t offset;
} fields[] = {
    FIELD(heap),         FIELD(heap_limit), FIELD(in_slabs),     FIELD(in_large),
    FIELD(internal),     FIELD(free_dirty), FIELD(free_clean),   FIELD(small_live),
    FIELD(small_cached), FIELD(small_free), FIELD(large_blocks), FIELD(slabs),
    FIELD(threads),      FIELD(peak),       FIELD(purged),       FIELD(locks),
    FIELD(failures),
};

static uint64_t field(const struct chunkmalloc_stats *stats, size_t which) {
    uint64_t value;
    memcpy(&value, (const unsigned char *)stats + fields[which].offset, sizeof value);
    return value;
}

static struct chunkmalloc_stats current(void) {
    struct chunkmalloc_stats stats;
    FUZZ_CHECK(chunkmalloc_get_stats(&stats, sizeof stats) == sizeof stats);
    return stats;
}

/* What follows the text, which must be there. */
static const char *after(const char *at, const char *text) {
    FUZZ_CHECK(strncmp(at, text, strlen(text)) == 0);
    return at + strlen(text);
}

/* A number as JSON has them: no sign, no zero before others. */
static const char *take_number(const char *at, uint64_t *number) {
    char *end;
    FUZZ_CHECK(*at >= '0' && *at <= '9' && !(at[0] == '0' && at[1] >= '0' && at[1] <= '9'));
    errno = 0;
    *number = strtoumax(at, &end, 10);
    FUZZ_CHECK(errno == 0);
    return end;
}

static const char *written(bool json) {
    static int descriptor = -1;
    static char text[SAID_MAX];
    if (descriptor < 0) {
        descriptor = memfd_create("report", 0);
    }
    FUZZ_CHECK(ftruncate(descriptor, 0) == 0 && lseek(descriptor, 0, SEEK_SET) == 0);
    FUZZ_CHECK(chunkmalloc_report(descriptor, json) == 0);
    const ssize_t size = pread(descriptor, text, sizeof text - 1, 0);
    FUZZ_CHECK(size > 0 && (size_t)size < sizeof text - 1);
    text[size] = '\0';
    return text;
}

/* The text has the fields in their order; nothing has changed since before but for the locks. */
static void check_fields(const struct chunkmalloc_stats *before, bool json) {
    const char *at = written(json);
    const struct chunkmalloc_stats then = current();
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        uint64_t value;
        at = after(at, json ? (i == 0 ? "{\"" : ",\"") : "chunkmalloc: ");
        at = after(after(at, fields[i].name), json ? "\":" : " ");
        at = take_number(at, &value);
        at = json ? at : after(at, "\n");
        FUZZ_CHECK(value >= field(before, i) && value <= field(&then, i));
    }
    FUZZ_CHECK(*after(at, json ? "}\n" : "") == '\0');
}

static const char *take_attribute(const char *at, const char *name, uint64_t value) {
    uint64_t number;
    at = after(after(after(at, " "), name), "=\"");
    at = after(take_number(at, &number), "\"");
    FUZZ_CHECK(number == value);
    return at;
}

static void check_info(const struct chunkmalloc_stats *s) {
    char *text = NULL;
    size_t size = 0;
    FILE *const stream = open_memstream(&text, &size);
    FUZZ_CHECK(stream != NULL && __wrap_malloc_info(0, stream) == 0 && fclose(stream) == 0);
    const char *at = after(text, "<malloc version=\"chunkmalloc-1\">\n");
    at = after(at, "<system type=\"current\"");
    at = take_attribute(at, "size", s->in_slabs + s->in_large + s->internal + s->free_dirty);
    at = take_attribute(after(at, "/>\n<system type=\"max\""), "size", s->peak);
    at = take_attribute(after(at, "/>\n<total type=\"slabs\""), "count", s->slabs);
    at = take_attribute(at, "size", s->in_slabs);
    at = take_attribute(after(at, "/>\n<total type=\"large\""), "count", s->large_blocks);
    at = take_attribute(at, "size", s->in_large);
    at = take_attribute(after(at, "/>\n<total type=\"small\""), "live", s->small_live);
    at = take_attribute(at, "cached", s->small_cached);
    at = take_attribute(at, "free", s->small_free);
    at = take_attribute(after(at, "/>\n<total type=\"rest\""), "dirty", s->free_dirty);
    at = take_attribute(at, "clean", s->free_clean);
    FUZZ_CHECK(*after(at, "/>\n</malloc>\n") == '\0');
    free(text);
}

/* As chunkmalloc.h has it. */
static void check_sums(const struct chunkmalloc_stats *s, size_t small, size_t large) {
    FUZZ_CHECK(s->heap == s->in_slabs + s->in_large + s->free_dirty + s->free_clean + s->internal);
    FUZZ_CHECK(s->small_live + s->small_cached + s->small_free <= s->in_slabs);
    FUZZ_CHECK(s->small_live + s->in_large >= small);
    FUZZ_CHECK(s->large_blocks == large);
    FUZZ_CHECK(s->peak >= s->in_slabs + s->in_large + s->internal);
}

struct scene {
    void *blocks[SLOTS];
    size_t sizes[SLOTS];
};

static void look(const struct scene *scene) {
    size_t bytes = 0;
    size_t large = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        bytes += scene->sizes[i];
        /* Only a run of its own has as many bytes to use as this. */
        large += scene->blocks[i] != NULL && __wrap_malloc_usable_size(scene->blocks[i]) > 32768;
    }
    const struct chunkmalloc_stats stats = current();
    check_fields(&stats, true);
    check_fields(&stats, false);
    check_info(&stats);
    check_sums(&stats, bytes, large);
}

static void replace(struct scene *scene, size_t slot, size_t size, bool take) {
    __wrap_free(scene->blocks[slot]);
    scene->blocks[slot] = take ? __wrap_malloc(size) : NULL;
    FUZZ_CHECK(!take || scene->blocks[slot] != NULL);
    scene->sizes[slot] = take ? size : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct tape tape = tape_from_bytes(data, size);
    struct scene scene = {.blocks = {NULL}};
    while (!tape_ended(&tape)) {
        const uint32_t verb = tape_draw(&tape, 8);
        if (verb == 0) {
            look(&scene);
        } else if (verb == 1) {
            (void)__wrap_malloc_trim(fuzz_size(&tape));
        } else {
            replace(&scene, tape_draw(&tape, SLOTS), fuzz_size(&tape), verb != 2);
        }
    }
    look(&scene);
    for (size_t i = 0; i < SLOTS; i++) {
        replace(&scene, i, 0, false);
    }
    return 0;
}

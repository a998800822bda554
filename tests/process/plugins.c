/* SPDX-License-Identifier: MIT */
/*
 * plugins plain|linked|deepbind PLUGIN
 *
 * plain: plug-ins that come and go; blocks change hands both ways and outlive the plug-in.
 * linked: the same with a plug-in that is itself linked with the library, which then is loaded with
 * the first and stays.
 * deepbind: a plug-in loaded with RTLD_DEEPBIND allocates from the C library itself; its blocks are
 * freed, resized and measured by the program.
 */
#include "plugin.h"
#include "workout.h"

#include <limits.h>
#include <sys/wait.h>

enum { LOADS = 60, THREADS = 4 };

static const size_t sizes[] = {0, 1, 24, 25, 100, 1000, 1032, 5000, 40000, 130000, 200000, 3000000};

enum { SIZES = sizeof sizes / sizeof sizes[0] };

static void *load(const char *path, int flags, const struct plugin **found) {
    void *const handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | flags);
    if (handle == NULL) {
        support_write(dlerror());
    }
    CHECK(handle != NULL);
    *found = dlsym(handle, "plugin");
    CHECK(*found != NULL);
    return handle;
}

static void *use_plugin(void *argument) {
    const struct plugin *const loaded = argument;
    for (size_t i = 0; i < SIZES; i++) {
        void *const theirs = loaded->allocate(sizes[i]);
        CHECK(theirs != NULL);
        pattern_fill(theirs, sizes[i], i);
        CHECK(malloc_usable_size(theirs) >= sizes[i]);
        unsigned char *const ours = malloc(hide_size(sizes[i]));
        CHECK(ours != NULL);
        pattern_fill(ours, sizes[i], i + 1);
        unsigned char *const grown = loaded->resize(ours, 2 * sizes[i] + 1);
        CHECK(grown != NULL && pattern_holds(grown, sizes[i], i + 1));
        loaded->release(grown);
        CHECK(pattern_holds(theirs, sizes[i], i));
        free(theirs);
    }
    return NULL;
}

/* What an allocator keeps for later is no leak. */
static size_t settled_bytes(void) {
    (void)malloc_trim(0);
    return resident_bytes();
}

static void check_plain(const char *path) {
    size_t resident = 0;
    for (size_t turn = 0; turn < LOADS; turn++) {
        const struct plugin *loaded = NULL;
        void *const handle = load(path, 0, &loaded);
        CHECK(library_owns(loaded->copy("text")) == library_present());
        char *const text = loaded->copy("it outlives the plug-in");
        pthread_t threads[THREADS];
        for (size_t i = 0; i < THREADS; i++) {
            start_thread(&threads[i], use_plugin, (size_t)loaded);
        }
        for (size_t i = 0; i < THREADS; i++) {
            CHECK(pthread_join(threads[i], NULL) == 0);
        }
        CHECK(dlclose(handle) == 0);
        CHECK(strcmp(text, "it outlives the plug-in") == 0);
        free(text);
        if (turn == LOADS / 4) {
            resident = settled_bytes();
        }
    }
    CHECK(settled_bytes() <= resident + 8 * SUPPORT_MIB);
}

/* How many more keys the process can make. */
static size_t keys_left(void) {
    static pthread_key_t keys[PTHREAD_KEYS_MAX];
    size_t count = 0;
    while (count < PTHREAD_KEYS_MAX && pthread_key_create(&keys[count], NULL) == 0) {
        count++;
    }
    for (size_t i = 0; i < count; i++) {
        CHECK(pthread_key_delete(keys[i]) == 0);
    }
    return count;
}

/* The library's malloc as the plug-in's handle finds it, kept for after the plug-in is gone. */
static void check_linked(const char *path) {
    const struct plugin *loaded = NULL;
    void *const handle = load(path, 0, &loaded);
    void *(*allocate)(size_t) = NULL;
    void (*release)(void *) = NULL;
    bool (*owns)(const void *) = NULL;
    find_in(handle, "malloc", &allocate);
    find_in(handle, "free", &release);
    find_in(handle, "chunkmalloc_owns", &owns);
    unsigned char *const kept = allocate(1000);
    CHECK(owns(kept));
    pattern_fill(kept, 1000, 1);
    CHECK(dlclose(handle) == 0);
    const size_t keys = keys_left();
    check_plain(path);
    CHECK(keys_left() == keys);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        workout_all_classes();
        release(allocate(1000));
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(pattern_holds(kept, 1000, 1));
    release(kept);
}

/* The program must be able to do all that it could if both used the same allocator. */
static void *take_over(void *argument) {
    const struct plugin *const loaded = argument;
    for (size_t i = 0; i < SIZES; i++) {
        const size_t size = sizes[i];
        unsigned char *block = loaded->allocate(size);
        CHECK(block != NULL && !library_owns(block));
        const size_t usable = malloc_usable_size(block);
        CHECK(usable >= size && malloc_usable_size(block) == usable);
        pattern_fill(block, usable, i);
        errno = 0;
        CHECK(realloc(hide(block), hide_size(PTRDIFF_MAX)) == NULL && errno == ENOMEM);
        CHECK(pattern_holds(block, usable, i));
        block = realloc(hide(block), usable * 3 + 100);
        CHECK(block != NULL && pattern_holds(block, usable, i));
        CHECK(malloc_usable_size(block) >= usable * 3 + 100);
        block = realloc(hide(block), size / 2 + 1);
        CHECK(block != NULL && pattern_holds(block, size / 2, i));
        errno = EXDEV;
        free(block);
        CHECK(errno == EXDEV);

        errno = EXDEV;
        free(hide(loaded->allocate(size)));
        CHECK(errno == EXDEV);
        CHECK(realloc(hide(loaded->allocate(size)), hide_size(0)) == NULL);
        block = realloc(hide(loaded->allocate(100000 + size)), hide_size(10));
        CHECK(block != NULL);
        free(block);
    }
    return NULL;
}

static void check_deepbind(const char *path) {
    const struct plugin *loaded = NULL;
    (void)load(path, RTLD_DEEPBIND, &loaded);
    pthread_t threads[THREADS];
    (void)take_over((void *)(size_t)loaded);
    for (size_t i = 0; i < THREADS; i++) {
        start_thread(&threads[i], take_over, (size_t)loaded);
    }
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    /* What is freed must reach its owner, or memory is lost. */
    size_t resident = 0;
    for (size_t i = 0; i < 4000; i++) {
        void *const block = loaded->allocate(100000);
        CHECK(block != NULL);
        memset(block, 1, 100000);
        free(block);
        resident = i == 100 ? resident_bytes() : resident;
    }
    CHECK(settled_bytes() <= resident + 8 * SUPPORT_MIB);
}

int main(int argc, char **argv) {
    support_begin(60);
    CHECK(argc == 3);
    if (strcmp(argv[1], "plain") == 0) {
        check_plain(argv[2]);
    } else if (strcmp(argv[1], "linked") == 0) {
        check_linked(argv[2]);
    } else {
        CHECK(strcmp(argv[1], "deepbind") == 0);
        check_deepbind(argv[2]);
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include "next.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

/* dlsym may allocate, and free what another allocator gave it: no second look-up within one. */
static __thread bool looking_up __attribute__((tls_model("initial-exec")));

bool cm_next_is_busy(void) {
    return looking_up;
}

/* A static program has dlsym only if it asks for it, and nothing to find. */
#ifdef CM_ARCHIVE
#pragma weak dlsym
#endif

cm_function cm_next(const char *name) {
    void *(*const look_up)(void *, const char *) = dlsym;
    if (looking_up || look_up == NULL) {
        return NULL;
    }
    const int saved = errno;
    looking_up = true;
    void *const symbol = look_up(RTLD_NEXT, name);
    looking_up = false;
    errno = saved;
    cm_function function;
    memcpy(&function, &symbol, sizeof function);
    return function;
}

/* The executable as the kernel mapped it. */
struct image {
    const ElfW(Phdr) * headers;
    size_t count;
    uintptr_t base;
};

static const ElfW(Phdr) * find_header(const struct image *image, ElfW(Word) type) {
    for (size_t i = 0; i < image->count; i++) {
        if (image->headers[i].p_type == type) {
            return &image->headers[i];
        }
    }
    return NULL;
}

static bool contains(const struct image *image, const void *address) {
    for (size_t i = 0; i < image->count; i++) {
        const ElfW(Phdr) *const header = &image->headers[i];
        if (header->p_type == PT_LOAD &&
            (uintptr_t)address - (image->base + header->p_vaddr) < header->p_memsz) {
            return true;
        }
    }
    return false;
}

/* What the look-up of a name needs of a dynamic section. */
struct symbols {
    const ElfW(Sym) * table;
    const char *names;
    const uint32_t *hash; /* DT_GNU_HASH */
};

static struct symbols find_symbols(const struct image *image) {
    struct symbols symbols = {NULL, NULL, NULL};
    const ElfW(Phdr) *const header = find_header(image, PT_DYNAMIC);
    if (header == NULL) {
        return symbols;
    }
    const ElfW(Dyn) *entry = (const ElfW(Dyn) *)(image->base + header->p_vaddr);
    for (; entry->d_tag != DT_NULL; entry++) {
        /* The loader has added the base on most machines, but not on all. */
        const uintptr_t value = entry->d_un.d_ptr;
        const uintptr_t address = value < image->base ? value + image->base : value;
        if (entry->d_tag == DT_SYMTAB) {
            symbols.table = (const ElfW(Sym) *)address;
        } else if (entry->d_tag == DT_STRTAB) {
            symbols.names = (const char *)address;
        } else if (entry->d_tag == DT_GNU_HASH) {
            symbols.hash = (const uint32_t *)address;
        }
    }
    return symbols;
}

static uint32_t gnu_hash(const char *name) {
    uint32_t hash = 5381;
    for (; *name != '\0'; name++) {
        hash = hash * 33 + (unsigned char)*name;
    }
    return hash;
}

/* The GNU hash table holds defined symbols only. */
static bool defines(const struct symbols *symbols, const char *name) {
    if (symbols->table == NULL || symbols->names == NULL || symbols->hash == NULL) {
        return false;
    }
    const uint32_t buckets = symbols->hash[0];
    const uint32_t first = symbols->hash[1];
    const uint32_t filters = symbols->hash[2];
    const uint32_t *const bucket = symbols->hash + 4 + filters * (sizeof(ElfW(Addr)) / 4);
    const uint32_t hash = gnu_hash(name);
    uint32_t number = buckets != 0 ? bucket[hash % buckets] : 0;
    if (number < first) {
        return false;
    }
    const uint32_t *const chain = bucket + buckets;
    for (;; number++) {
        const uint32_t entry = chain[number - first];
        if ((entry | 1) == (hash | 1) &&
            strcmp(symbols->names + symbols->table[number].st_name, name) == 0) {
            return symbols->table[number].st_shndx != SHN_UNDEF;
        }
        if ((entry & 1) != 0) {
            return false;
        }
    }
}

/* The winner may also be a stub through which an executable at a fixed address calls our malloc, so
 * that it lies in the executable is not enough. */
bool cm_stand_aside(const void *own, const void *winner) {
    if (own == winner) {
        return false;
    }
    struct image image = {
        .headers = (const ElfW(Phdr) *)getauxval(AT_PHDR),
        .count = (size_t)getauxval(AT_PHNUM),
        .base = 0,
    };
    if (image.headers == NULL) {
        return false;
    }
    const ElfW(Phdr) *const self = find_header(&image, PT_PHDR);
    image.base = self != NULL ? (uintptr_t)image.headers - self->p_vaddr : 0;
    const struct symbols symbols = find_symbols(&image);
    return contains(&image, winner) && defines(&symbols, "malloc");
}

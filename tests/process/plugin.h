/* SPDX-License-Identifier: MIT */
#ifndef PROCESS_PLUGIN_H
#define PROCESS_PLUGIN_H

#include <stddef.h>

/* The plug-in's allocation functions, as the dynamic linker bound them for it. */
struct plugin {
    void *(*allocate)(size_t size);
    void *(*resize)(void *block, size_t size);
    void (*release)(void *block);
    char *(*copy)(const char *text);
};

/* What the plug-in exports. */
extern const struct plugin plugin;

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_OPTIONS_H
#define CHUNKMALLOC_HOST_OPTIONS_H

/*
 * CHUNKMALLOC_CONF="name=value,name=value": read once, by a constructor; until then, and in
 * programs that run with more rights than their caller, the defaults hold.
 *
 *   limit=SIZE       most memory for blocks, at least 1M, or 0 for no limit; default 0
 *   keep=SIZE        free memory that may stay resident however little is in use; default 256K
 *   second=on|off    use a second region when the static heap is full; default on
 *   thp=off|on       ask for huge pages for what is unlocked from now on; default off
 *   harden=off|on    the hardened mode; default off, but on in libchunkmalloc-hardened.so
 *                    and with -Dharden=true
 *   stats=off|exit   exit: write the statistics to standard error when the program ends
 *   verbose=off|on   on: write the options in force to standard error when the program starts
 *
 * Sizes are numbers, or end in K, M, G or T: powers of 1024. "harden" alone is "harden=on", and so
 * of each that can be on.
 *
 * What is not understood is named in one line on standard error and otherwise ignored.
 */

#include "footprint.h"

struct cm_options {
    uint64_t limit;
    uint64_t keep;
    bool second;
    bool thp;
    bool harden;
    bool stats_at_exit;
    bool verbose;
};

#ifdef CM_HARDENED
enum { CM_HARDEN = true };
#else
enum { CM_HARDEN = false };
#endif

#define CM_OPTIONS_DEFAULT \
    { .keep = (uint64_t)CM_KEEP << CM_CHUNK_SHIFT, .second = true, .harden = CM_HARDEN }

/* Constant after cm_options_read. */
extern struct cm_options cm_options __attribute__((visibility("hidden")));

/* Takes over what text says, which may be NULL; complaints go to the descriptor. */
void cm_options_parse(struct cm_options *options, const char *text, int complaints);

/* Reads the variable from the environment and puts the options into force. */
void cm_options_read(char *const *environment);

#endif

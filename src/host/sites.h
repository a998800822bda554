/* SPDX-License-Identifier: MIT */
#ifndef CHUNKMALLOC_HOST_SITES_H
#define CHUNKMALLOC_HOST_SITES_H

/*
 * Where blocks were allocated and freed last, as far as a table that is never searched still knows:
 * for reports only. Threads may write to the same entry at once; what then does not fit together is
 * taken for unknown.
 */

/* The block may be NULL. Of a block that is freed again, the first site stays. */
void cm_site_of_alloc(const void *block, const void *caller);
void cm_site_of_free(const void *block, const void *caller);

struct cm_sites {
    const void *allocated; /* NULL: not known */
    const void *freed;
};

struct cm_sites cm_sites_of(const void *block);

#endif

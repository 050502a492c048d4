/* variants.h: the different things of one written name that the combinations of levels make, and the levels that name them.
 * Private to study/. */
#ifndef STUDY_VARIANTS_H
#define STUDY_VARIANTS_H

#include "base/arena.h"
#include "base/str.h"
#include "study/file_factors.h"

/* All combinations that were read, in the order in which they were made: ascending by level, factor by factor. */
struct combinations {
    struct combination *at; /* owned */
    size_t n;
    uint64_t occurs[FACTORS_MAX]; /* levels that some of them have */
};
void combinations_add(struct combinations *c, const struct combination *one);

struct variant {
    char *key; /* owned; what it is: equal keys, equal things */
    uint64_t hash;
    size_t base;                /* index of its written name */
    uint64_t seen[FACTORS_MAX]; /* levels of the combinations that it stands in */
    struct combination first;
    int level[FACTORS_MAX]; /* once settled; -1: the factor does not tell it from others of its name */
};

struct variants {
    const char *what; /* "agents", for messages */
    size_t limit;
    struct variant *at;           /* owned */
    struct variant_base *bases;   /* owned */
    struct variant_place *places; /* owned; where each stands, in the order of the combinations */
    size_t n, n_bases, n_places;
};

/* The thing that `key` describes, named `base`, stands in the last combination of c. Returns its index (v->n - 1 when it is a
 * new one), or -1: more than the limit. */
int variants_add(struct variants *v, const struct combinations *c, const struct str *key, const char *base);

/* When all are there: fills level[]. A factor has a level in a variant's name unless all that was read says that it changes
 * nothing of things of that name; things that are equal at some levels only have the first of these. */
void variants_settle(struct variants *v, const struct combinations *c, size_t n_factors);

/* "pair,num_ctx=512" of each, in names[]; -1, or the index of the second of two that would have one name. */
int variants_name(const struct variants *v, const struct factors *f, struct arena *a, const char **names);

void variants_release(struct variants *v);

#endif

/* file_factors.h: the factors of a study file as they are written: levels, what each sets, and the conditions that name
 * them. Private to study/. All nodes are borrowed from the tree. */
#ifndef STUDY_FILE_FACTORS_H
#define STUDY_FILE_FACTORS_H

#include "format/yaml.h"

enum { FACTORS_MAX = 16, LEVELS_MAX = 64 };

/* One combination: the level of each factor; -1: not varied there. */
struct combination {
    int level[FACTORS_MAX];
};

/* Which levels of which factors; a factor that is not named does not matter. */
struct condition {
    uint64_t levels[FACTORS_MAX]; /* bits; 0: not named */
};

struct level {
    const char *name;
    const struct yaml_node *node;  /* its place */
    const struct yaml_node *value; /* for the paths of the factor; NULL: they are left as written */
    const struct yaml_node *set;   /* map of paths of its own; NULL */
};

struct factor {
    const char *name;
    const struct yaml_node *node;
    const struct yaml_node *set; /* a path or a list of paths; NULL */
    struct level *levels;
    size_t n_levels;
    struct condition when; /* of earlier factors */
};

struct factors {
    struct factor at[FACTORS_MAX];
    size_t n;
    struct condition *exclude;
    const struct yaml_node *exclude_list; /* NULL */
};

/* n is 0 when the tree has none. */
int factors_read(struct factors *f, const struct yaml_node *root, struct arena *a, struct err *e);
/* A map of factor to level or list of levels; only the first n_known factors may be named. */
int condition_read(const struct factors *f, size_t n_known, const struct yaml_node *map, struct condition *out,
                   struct err *e);
bool condition_holds(const struct condition *c, const struct combination *at);
/* The tree of a combination. */
int factors_apply(const struct factors *f, const struct combination *at, struct yaml_node **root, struct arena *a,
                  struct err *e);

#endif

/* design.h: the factors of a study and what level of each an arm has, as its plan tells. Names live in the reader's arena. */
#ifndef ANALYSIS_DESIGN_H
#define ANALYSIS_DESIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct design_factor {
    const char *name;
    const char **levels;
    size_t n_levels;
};

enum { DESIGN_ANY = -1, DESIGN_FACTORS_MAX = 32, DESIGN_LEVELS_MAX = 200, DESIGN_ARMS_MAX = 2000 };

struct design_arm {
    const char *name;
    const char *base; /* the arm as written; arms of one base differ in levels only */
    /* Its agents, each under the name that stands for the agent with its options and server; NULL: a load, or not told. */
    const char **agents;
    size_t n_agents;
    int *level; /* per factor: index of its level; DESIGN_ANY: the factor changes nothing of this arm */
};

/* Zero-initialised: a study without factors. */
struct design {
    struct design_factor *factors;
    size_t n_factors;
    struct design_arm *arms;
    size_t n_arms;
};

/* From the plan as it is stored (JSON); into the arena. No factors, where it has none or is none, or has too many arms. */
void design_read(struct design *d, const char *plan_json, struct arena *a);
/* NULL: there are no factors, or no such arm. */
const struct design_arm *design_find(const struct design *d, const char *arm);
/* Whether each agent of `solo` is one of `multi`, with the same options and server: what a solo run must be to tell what the
 * agent does alone. Arms that do not tell their agents are compared by their levels. */
bool design_serves(const struct design *d, const struct design_arm *solo, const struct design_arm *multi);
/* Whether the two have the same level of every factor but `except` (n_factors: of every one). An arm that a factor does
 * not change stands for all of its levels. */
bool design_alike(const struct design *d, const struct design_arm *a, const struct design_arm *b, size_t except);

#endif

/* effects.h: what each factor of a study does to a metric, how much of the differences between runs each explains, and which
 * arm is best, each never without how sure that is. Arms of one base are looked at together: a pair and a solo run are no
 * levels of anything. One value per run in, as for compare.h; the block is the replicate. */
#ifndef ANALYSIS_EFFECTS_H
#define ANALYSIS_EFFECTS_H

#include <stdint.h>

#include "analysis/compare.h"
#include "analysis/design.h"
#include "base/arena.h"

enum { EFFECTS_REPLICATES = 1000 };

/* The arms of one base, and of each the values of one metric, one per run. */
struct effects_group {
    const struct design *design;
    const struct design_arm *const *arms;
    const struct compare_arm *values; /* per arm */
    size_t n_arms;
};

/* ---- bases and their questions -------------------------------------------------------------------------------------- */

struct effects_base {
    const char *name;
    const struct design_arm **arms;
    size_t n_arms;
    bool multi; /* runs of several agents */
    bool solo;  /* its one agent also takes part in a base of several: it is there for the speedup and no question */
};
/* In the order of the arms, into the arena. Agents are what the plan tells of them. */
size_t effects_bases(const struct design *d, struct arena *arena, struct effects_base **out);

/* How many questions a study with factors asks: the family of its report. */
struct effects_family {
    size_t contrasts; /* per metric: levels against the first of their factor, over the bases that are no solo */
    size_t speedups;  /* those of bases with several agents, when there are solo runs to tell it */
};
struct effects_family effects_family(const struct design *d);

/* ---- levels -------------------------------------------------------------------------------------------------------- */

/* A level of a factor against the first one. In each block every two arms of the two levels that are alike in all other
 * factors are a pair; a block's value of a side is the mean over its pairs. a and b are for a compare_question: paired by
 * block, the shift is the effect. */
struct effects_contrast {
    struct compare_arm a, b; /* the first level, this one; in the arena */
    size_t pairs;            /* of arms; 0: the group has not both levels */
    bool uneven;             /* some block lacks some pair: the block's mean is over fewer */
};
void effects_contrast(const struct effects_group *g, size_t factor, size_t level, struct arena *arena,
                      struct effects_contrast *out);

/* ---- shares of variance -------------------------------------------------------------------------------------------- */

enum effects_source { EFFECTS_BLOCK, EFFECTS_FACTOR, EFFECTS_TWO, EFFECTS_HIGHER, EFFECTS_REST };

struct effects_share {
    enum effects_source source;
    size_t factor, other; /* FACTOR: factor; TWO: both */
    double df;
    double share;  /* sum of squares over that of all values */
    double lo, hi; /* 95 %: percentiles over resampled blocks */
    double chance; /* the share that noise alone gives it: df times the mean square of the rest */
};

struct effects_shares {
    struct effects_share *at; /* blocks, factors, pairs of factors, higher interactions, rest; in the arena */
    size_t n;
    size_t blocks;  /* that have every arm: what it is over; below 2 nothing is there (n = 0) */
    size_t missing; /* other blocks with a value */
    /* Not every combination of levels is there: each factor's share is then by itself, shares overlap and need not add up
     * to 1, and interactions are not taken apart (they are in HIGHER). */
    bool incomplete;
};
/* Classical analysis of variance of a complete block design (Fisher 1935): the sum of squares of a factor is that of its
 * levels' means about the grand mean, of two that of their cells' means less their own. */
void effects_shares(const struct effects_group *g, uint64_t seed, struct arena *arena, struct effects_shares *out);

/* ---- the best arm -------------------------------------------------------------------------------------------------- */

struct effects_best {
    size_t arm;    /* of the group: the best median over the blocks that have every arm */
    double median; /* NaN: there is no such block, one arm only, or the metric has no better side */
    double chance; /* share of EFFECTS_REPLICATES resamplings of the blocks in which it is the best, ties shared */
    size_t blocks;
};
void effects_best(const struct effects_group *g, enum metric_better better, uint64_t seed, struct arena *arena,
                  struct effects_best *out);

#endif

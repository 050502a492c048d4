/* compare.h: does one arm differ from another? One value per run in, never requests; per metric an effect with its interval,
 * a p for the declared family, and a verdict that a gate can use. Which runs count (complete, not VOID) and what a run's
 * value is (run_median_of) are the caller's. */
#ifndef ANALYSIS_COMPARE_H
#define ANALYSIS_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/metric.h"

#define COMPARE_ALPHA 0.05 /* of the whole family; equivalence by two one-sided tests at this level each */
#define COMPARE_POWER 0.8
enum { COMPARE_MIN_RUNS = 5 };

struct compare_run {
    int32_t block; /* runs of both arms with the same block are a pair; -1: of no common block (another study) */
    double value;  /* NaN: left out */
};

struct compare_arm {
    const struct compare_run *runs; /* borrowed; at most one of a block (of two, the first counts) */
    size_t n;
};

/* One metric of the family. */
struct compare_question {
    const struct metric *metric; /* borrowed */
    struct compare_arm a, b;     /* the baseline, the candidate */
    double margin;               /* a difference up to this does not matter, in the metric's unit; 0: any does */
    double
        floor; /* two runs of one thing differ by as much (compare_noise), in the unit: no smaller shift is claimed; 0 */
};

#define COMPARE_VERDICT_LIST(X)                                                                                        \
    X(BETTER, "better")                                                                                                \
    X(WORSE, "worse")                                                                                                  \
    X(EQUIVALENT, "equivalent")                                                                                        \
    X(INCONCLUSIVE, "inconclusive")

enum compare_verdict {
#define X(name, word) COMPARE_##name,
    COMPARE_VERDICT_LIST(X)
#undef X
};

struct comparison {
    const struct metric *metric; /* borrowed */
    bool paired;                 /* by block, when at least one block has both arms; then only such blocks count */
    size_t n_a, n_b;             /* values that count; the same number when paired */
    size_t left_out;             /* runs without a value or a partner */
    double base, candidate;      /* medians of a's and of b's values */
    /* b - a: Hodges and Lehmann 1963, with the interval of the signed-rank test (paired) or of U. In the metric's unit; in
     * percent of |base| it is 100 x / |base|. */
    double shift, lo, hi;
    double confidence;   /* attained by lo … hi: below 95 % with five pairs, which cannot give more */
    double eq_lo, eq_hi; /* the interval of equivalence, 90 %: inside ± margin means equivalent (Schuirmann 1987) */
    double delta;        /* Cliff's delta: P(b > a) - P(b < a) over all pairs of runs (Cliff 1993) */
    double b_wins; /* share of pairs of runs in which b is better, ties half; NaN for a metric without a better side */
    double p, p_holm; /* Wilcoxon signed ranks or Mann-Whitney, two-sided; Holm 1979 over the questions that have a p */
    /* The shift found in 80 % of such studies, at alpha / questions, by the test's own power where runs are paired
     * (power_mde_ranks), else by the t test's and the rank test's efficiency; NaN where so few runs find nothing. */
    double mde;
    enum compare_verdict verdict;
    bool below_floor; /* it would be better or worse, but the shift is below the floor */
    /* When inconclusive: runs of each arm (blocks) that are missing to find a shift of the margin (without one: the shift
     * seen) in 80 % of studies. At least what five runs and the smallest p that so many can give ask for. NaN: no number of
     * runs helps (nothing to find, or less than the floor). 0 otherwise. */
    double more_runs;
};

/* The questions are the family. better / worse: p_holm <= alpha, the interval lies beyond the margin and the shift is not
 * below the floor; equivalent: within the margin; inconclusive: neither, fewer than COMPARE_MIN_RUNS values of an arm, or a
 * metric without a better side differs. Without values all numbers are NaN. */
void compare_arms(const struct compare_question *questions, size_t n, struct comparison *out);

/* Ids of the metrics that are compared where none are named: few, because five to nine blocks cannot carry many. */
const char *const *compare_default_metrics(bool agents, size_t *n);

/* By how much two runs of the same thing differ: the 95 % quantile (nearest rank) of |x - y| over all pairs of the n finite
 * values, one per run. NaN with fewer than two. */
double compare_noise(const double *values, size_t n);

const char *compare_verdict_word(enum compare_verdict v);
/* negligible, small, medium, large by |delta| below 0.147, 0.33, 0.474 (Romano et al. 2006); "" for NaN. */
const char *compare_delta_word(double delta);

#endif

/* power.h: what a planned study will be able to see, from runs of before: of an earlier result, or the first blocks of this
 * one. One value per run in, as for compare.h, whose test it is about: signed ranks of the blocks' differences, Holm over the
 * family. Shares are of the baseline's median: 0.05 is 5 %. */
#ifndef ANALYSIS_POWER_H
#define ANALYSIS_POWER_H

#include "analysis/compare.h"

#define POWER_EFFECT 0.05 /* what a study should find unless it says otherwise */
#define POWER_SURE 0.8
enum { POWER_MOST_BLOCKS = 1000 };

/* By how much two runs of one block differ that have nothing to tell them apart. */
struct power_spread {
    double base; /* median of the baseline, in the metric's unit */
    double sd;   /* of such a difference, as a share; NaN: nothing can be said */
    double df;   /* degrees of freedom behind it */
    double
        sd_sure; /* its upper limit at confidence POWER_SURE: sd sqrt(df / chi-square quantile(0.2, df)). Few runs know
                        their spread badly, and who plans with sd itself finds less than he was promised (Browne 1995) */
    size_t blocks;   /* that have all arms; 0: the arms' own spread, in which blocks are not taken out */
    size_t n_values; /* that it was made of */
};

/* Each value over its arm's median, then the residuals of arms and blocks over the blocks that have every arm (two of both
 * at least): sqrt(2 residual mean square) with (arms - 1)(blocks - 1) degrees. Else sqrt(2) times the pooled spread within
 * arms. arms[0] is the baseline. A metric of which an arm's median is not above 0 has no shares: sd NaN. */
void power_spread_of(const struct compare_arm *arms, size_t n, struct power_spread *out);

/* Blocks below which no comparison of so large a family gets a verdict: five, and a p that passes the first step of Holm. */
size_t power_least_blocks(size_t family);

/* The shift that so many blocks find with a power of COMPARE_POWER, as a share; INFINITY below power_least_blocks. */
double power_blocks_mde(const struct power_spread *s, size_t blocks, size_t family);
/* Blocks that find a shift of `effect` (a share > 0) with that power; 0: more than POWER_MOST_BLOCKS, or not known. */
size_t power_blocks(const struct power_spread *s, double effect, size_t family);

#endif

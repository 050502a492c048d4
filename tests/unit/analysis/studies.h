/* Simulated studies whose truth is known, judged as the product judges them: two arms, or two factors of two levels; per run
 * the three metrics of agents. Used by test_studies.c (few, in bands that cannot fail by chance as they are seeded) and by
 * bench_studies.c (many). */
#ifndef TESTS_ANALYSIS_STUDIES_H
#define TESTS_ANALYSIS_STUDIES_H

#include <math.h>

#include "analysis/effects.h"
#include "analysis/order.h"
#include "analysis/power.h"
#include "base/rng.h"
#include "stats/dist.h"
#include "stats/padjust.h"

enum { LAB_METRICS = 3, LAB_ARMS = 4, LAB_BLOCKS = 200 };

enum lab_order { LAB_RANDOM, LAB_ABBA, LAB_ONE_AFTER_OTHER };

struct lab {
    size_t arms, blocks;     /* 2 or 4 arms: levels of one factor, or of two */
    double block_sd, run_sd; /* of the logarithm */
    double effect;           /* share by which the second level (of the first factor) takes longer */
    double slope;            /* share by which everything takes longer from run to run */
    enum lab_order order;
};

struct lab_study {
    struct lab lab;
    struct compare_run runs[LAB_METRICS][LAB_ARMS][LAB_BLOCKS];
    int32_t position[LAB_ARMS][LAB_BLOCKS];
};

static inline double lab_normal(struct rng *r)
{
    return dist_norm_quantile(fmax(rng_double(r), 1e-300));
}

static inline int32_t lab_position(const struct lab *l, const size_t *shuffled, size_t arm, size_t block)
{
    if (l->order == LAB_ONE_AFTER_OTHER)
        return (int32_t)(arm * l->blocks + block);
    if (l->order == LAB_ABBA)
        return (int32_t)(l->arms * block + (block % 2 ? l->arms - 1 - arm : arm));
    return (int32_t)(l->arms * block + shuffled[arm]);
}

/* A run's duration has the noise of its block and its own; its rate is tokens over duration, where the tokens vary as much as
 * the duration; the time to the first token is noise of its own. */
static inline void lab_draw(const struct lab *l, struct rng *r, struct lab_study *s)
{
    s->lab = *l;
    for (size_t b = 0; b < l->blocks; b++) {
        size_t shuffled[LAB_ARMS] = {0, 1, 2, 3};
        double block = l->block_sd * lab_normal(r), block_ttft = l->block_sd * lab_normal(r);
        rng_shuffle(r, shuffled, l->arms, sizeof *shuffled);
        for (size_t k = 0; k < l->arms; k++) {
            int32_t at = s->position[k][b] = lab_position(l, shuffled, k, b);
            double slower = (1 + l->slope * at) * (k >= l->arms / 2 ? 1 + l->effect : 1);
            double duration = 20 * slower * exp(block + l->run_sd * lab_normal(r));
            s->runs[0][k][b] = (struct compare_run){(int32_t)b, duration};
            s->runs[1][k][b] = (struct compare_run){(int32_t)b, 800 * exp(l->run_sd * lab_normal(r)) / duration};
            s->runs[2][k][b] = (struct compare_run){(int32_t)b,
                                                    300 * slower * exp(block_ttft + l->run_sd * lab_normal(r))};
        }
    }
}

static inline const struct metric *lab_metric(size_t i)
{
    size_t n;
    return metric_find(compare_default_metrics(true, &n)[i]);
}

/* The comparisons of the study, as a report makes them: of two arms LAB_METRICS, of two factors twice as many, those of the
 * first factor first. Returns how many. */
static inline size_t lab_compare(const struct lab_study *s, struct comparison out[2 * LAB_METRICS])
{
    struct design_factor factors[] = {{"f", (const char *[]){"0", "1"}, 2}, {"g", (const char *[]){"0", "1"}, 2}};
    int levels[LAB_ARMS][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
    struct design_arm arms[LAB_ARMS];
    const struct design_arm *list[LAB_ARMS];
    struct compare_arm values[LAB_ARMS];
    struct compare_question questions[2 * LAB_METRICS];
    size_t n = 0, n_factors = s->lab.arms / 2;
    struct arena a = {0};
    struct design d = {factors, n_factors, arms, s->lab.arms};
    if (n_factors == 1)
        levels[1][0] = 1; /* two arms: its two levels */
    for (size_t k = 0; k < s->lab.arms; k++) {
        arms[k] = (struct design_arm){.name = "arm", .base = "pair", .level = levels[k]};
        list[k] = &arms[k];
    }
    for (size_t f = 0; f < n_factors; f++)
        for (size_t m = 0; m < LAB_METRICS; m++) {
            struct effects_contrast c;
            for (size_t k = 0; k < s->lab.arms; k++)
                values[k] = (struct compare_arm){s->runs[m][k], s->lab.blocks};
            effects_contrast(&(struct effects_group){&d, list, values, s->lab.arms}, f, 1, &a, &c);
            questions[n++] = (struct compare_question){lab_metric(m), c.a, c.b, 0, 0};
        }
    compare_arms(questions, n, out);
    arena_release(&a);
    return n;
}

static inline bool lab_found(const struct comparison *c)
{
    return c->verdict == COMPARE_BETTER || c->verdict == COMPARE_WORSE;
}

/* power_blocks_mde of a spread of 1; each number of blocks and family is asked for once. */
static inline double lab_mde(size_t blocks, size_t family)
{
    static double known[2 * LAB_METRICS + 1][LAB_BLOCKS + 1];
    double *mde = &known[family][blocks];
    if (*mde == 0)
        *mde = power_blocks_mde(&(struct power_spread){.sd_sure = 1}, blocks, family);
    return *mde;
}

/* What a dry run would plan from this study, to find `effect` in every metric; LAB_BLOCKS + 1: more than LAB_BLOCKS. */
static inline size_t lab_plan(const struct lab_study *s, double effect)
{
    size_t blocks = 1;
    for (size_t m = 0; m < LAB_METRICS; m++) {
        struct compare_arm values[LAB_ARMS];
        struct power_spread spread;
        for (size_t k = 0; k < s->lab.arms; k++)
            values[k] = (struct compare_arm){s->runs[m][k], s->lab.blocks};
        power_spread_of(values, s->lab.arms, &spread);
        while (blocks <= LAB_BLOCKS && !(lab_mde(blocks, LAB_METRICS * s->lab.arms / 2) * spread.sd_sure <= effect))
            blocks++;
    }
    return blocks;
}

/* Whether the drift check flags the study: some metric, after Holm. */
static inline bool lab_drifts(const struct lab_study *s)
{
    double p[LAB_METRICS], adjusted[LAB_METRICS];
    static struct order_value v[LAB_ARMS * LAB_BLOCKS];
    bool flagged = false;
    for (size_t m = 0; m < LAB_METRICS; m++) {
        struct order_trend t;
        size_t n = 0;
        for (size_t k = 0; k < s->lab.arms; k++)
            for (size_t b = 0; b < s->lab.blocks; b++)
                v[n++] = (struct order_value){s->position[k][b], (int32_t)b, k, s->runs[m][k][b].value};
        order_trend(v, n, &t);
        p[m] = t.p;
    }
    padjust(PADJUST_HOLM, p, LAB_METRICS, adjusted);
    for (size_t m = 0; m < LAB_METRICS; m++)
        flagged = flagged || adjusted[m] <= COMPARE_ALPHA;
    return flagged;
}

/* Share by which the second arm takes longer, as (B + B - A - A) / 2 over pairs of blocks says; of two arms. */
static inline double lab_abba(const struct lab_study *s, double base)
{
    static struct order_value v[2 * LAB_BLOCKS];
    struct order_abba r;
    size_t n = 0;
    for (size_t k = 0; k < 2; k++)
        for (size_t b = 0; b < s->lab.blocks; b++)
            v[n++] = (struct order_value){s->position[k][b], (int32_t)b, k, s->runs[0][k][b].value};
    order_abba(v, n, &r);
    return r.shift / base;
}

#endif

/* Do studies keep what they promise? Simulated ones whose truth is known, through the product's own functions; the table is in
 * doc/method.md. Seeded: the same numbers on every machine with the same libm. */
#include <stdio.h>
#include <stdlib.h>

#include "../../unit/analysis/studies.h"
#include "base/err.h"
#include "stats/quantile.h"

#define SEED 20261121
#ifndef STUDIES
#    define STUDIES 1000
#endif

struct share {
    size_t part, of;
};

static void add(struct share *s, bool yes)
{
    s->part += yes;
    s->of++;
}

/* With the interval of Clopper and Pearson 1934, 95 %. */
static const char *text(struct share s)
{
    static char texts[8][64];
    static size_t next;
    char *out = texts[next++ % 8];
    double k = (double)s.part, n = (double)s.of;
    double lo = s.part ? dist_betainc_inv(0.025, k, n - k + 1) : 0;
    double hi = s.part < s.of ? dist_betainc_inv(0.975, k + 1, n - k) : 1;
    snprintf(out, sizeof texts[0], "%.1f %% (%.1f to %.1f)", 100 * k / n, 100 * lo, 100 * hi);
    return out;
}

static struct rng stream(const char *what, size_t number)
{
    char purpose[64];
    snprintf(purpose, sizeof purpose, "%s %zu", what, number);
    return rng_stream(SEED, purpose);
}

/* ---- false alarms -------------------------------------------------------------------------------------------------- */

static void false_alarms(struct lab_study *s, size_t arms, size_t blocks)
{
    struct share one = {0}, family = {0}, raw = {0};
    struct rng r = stream("alarms", arms * 1000 + blocks);
    for (size_t i = 0; i < STUDIES; i++) {
        struct comparison c[2 * LAB_METRICS];
        lab_draw(&(struct lab){.arms = arms, .blocks = blocks, .block_sd = 0.03, .run_sd = 0.02}, &r, s);
        size_t n = lab_compare(s, c);
        bool any = false, any_raw = false;
        for (size_t k = 0; k < n; k++) {
            any = any || lab_found(&c[k]);
            any_raw = any_raw || c[k].p <= COMPARE_ALPHA;
        }
        add(&one, c[0].p <= COMPARE_ALPHA);
        add(&raw, any_raw);
        add(&family, any);
    }
    printf("| %zu arms, %zu blocks, family of %zu | %s | %s | %s |\n", arms, blocks, LAB_METRICS * arms / 2, text(one),
           text(raw), text(family));
}

/* ---- power ---------------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Each study is planned from a prior of its own, of the same noise and no effect. */
static void power_of(struct lab_study *s, size_t arms, size_t prior_blocks, double run_sd)
{
    struct share duration = {0}, rate = {0};
    struct rng r = stream("power", arms * 100000 + prior_blocks * 1000 + (size_t)(run_sd * 1e4));
    double planned[STUDIES];
    size_t n = 0, hopeless = 0;
    for (size_t i = 0; i < STUDIES; i++) {
        struct comparison c[2 * LAB_METRICS];
        struct lab lab = {.arms = arms, .blocks = prior_blocks, .block_sd = 0.03, .run_sd = run_sd};
        lab_draw(&lab, &r, s);
        lab.blocks = lab_plan(s, POWER_EFFECT);
        if (lab.blocks > LAB_BLOCKS) {
            hopeless++;
            continue;
        }
        planned[n++] = (double)lab.blocks;
        lab.effect = POWER_EFFECT;
        lab_draw(&lab, &r, s);
        lab_compare(s, c);
        add(&duration, c[0].verdict == COMPARE_WORSE);
        add(&rate, c[1].verdict == COMPARE_WORSE);
    }
    qsort(planned, n, sizeof *planned, by_value);
    printf("| %.0f %% | %zu arms, %zu blocks | %.0f (%.0f to %.0f) | %s | %s | %zu |\n", 100 * run_sd, arms,
           prior_blocks, n ? planned[n / 2] : 0, n ? planned[n / 20] : 0, n ? planned[n - 1 - n / 20] : 0, text(rate),
           text(duration), hopeless);
}

/* ---- order ------------------------------------------------------------------------------------------------------------ */

static void order_of(struct lab_study *s, const char *what, size_t arms, enum lab_order order, double slope)
{
    struct share alarms = {0}, drifts = {0};
    struct rng r = stream(what, arms + (slope > 0));
    double shift = 0, abba = 0;
    for (size_t i = 0; i < STUDIES; i++) {
        struct comparison c[2 * LAB_METRICS];
        lab_draw(
            &(struct lab){.arms = arms, .blocks = 8, .block_sd = 0, .run_sd = 0.02, .slope = slope, .order = order}, &r,
            s);
        size_t n = lab_compare(s, c);
        bool any = false;
        for (size_t k = 0; k < n; k++)
            any = any || lab_found(&c[k]);
        add(&alarms, any);
        add(&drifts, lab_drifts(s));
        shift += 100 * c[0].shift / c[0].base / STUDIES;
        if (order == LAB_ABBA)
            abba += 100 * lab_abba(s, c[0].base) / STUDIES;
    }
    printf("| %s, %zu arms | %.0f %% | %+.2f %% |", what, arms, 100 * slope, shift);
    if (order == LAB_ABBA)
        printf(" %+.2f %% |", abba);
    else
        printf(" |");
    printf(" %s | %s |\n", text(alarms), text(drifts));
}

int main(void)
{
    struct lab_study *s = xmalloc(sizeof *s);
    printf(
        "%d studies each.\n\nFalse alarms: nothing differs\n\n| study | one metric, p <= 0.05 | any metric, p <= 0.05 | "
        "any verdict better or worse |\n|---|---|---|---|\n",
        STUDIES);
    false_alarms(s, 2, 8);
    false_alarms(s, 4, 8);
    false_alarms(s, 2, 12);
    printf(
        "\nA planted effect of %.0f %%, in as many blocks as the dry run plans from earlier runs\n\n| noise of a run | "
        "earlier runs | blocks planned (5 to 95 %%) | found in output_rate.system | in session.duration | could not be planned |\n|---|---|---|---|---|---|\n",
        100 * POWER_EFFECT);
    for (double sd = 0.01; sd < 0.05; sd *= 2) {
        power_of(s, 2, 5, sd);
        power_of(s, 4, 5, sd);
        power_of(s, 4, 2, sd);
    }
    printf(
        "\nEverything slower from run to run, 8 blocks, no effect\n\n| order | drift per run | shift found, mean | by ABBA "
        "| any verdict better or worse | drift flagged |\n|---|---|---|---|---|---|\n");
    for (double slope = 0; slope < 0.015; slope += 0.01) {
        order_of(s, "random blocks", 2, LAB_RANDOM, slope);
        order_of(s, "random blocks", 4, LAB_RANDOM, slope);
        order_of(s, "ABBA blocks", 2, LAB_ABBA, slope);
        order_of(s, "A eight times, then B", 2, LAB_ONE_AFTER_OTHER, slope);
    }
    free(s);
    return 0;
}

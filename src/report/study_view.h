/* study_view.h: what a report says of a study as a whole: effects of its factors, drift over its runs, generations that may
 * have spoilt a number. Private to this room; in the arena of the view. */
#ifndef REPORT_STUDY_VIEW_H
#define REPORT_STUDY_VIEW_H

#include "analysis/effects.h"
#include "analysis/order.h"
#include "report/view.h"

/* ---- factors --------------------------------------------------------------------------------------------------------- */

/* A level of a factor against its first level, in the arms of one base. */
struct view_effect {
    const char *base;
    size_t factor, level;
    size_t pairs; /* of arms, in each block */
    bool uneven;
    struct comparison c;
};

/* The runs at one level of a factor, all levels of the others together: one value per block, the mean over the arms. */
struct view_level {
    const char *base;
    size_t factor;               /* n_factors: one arm by itself */
    const char *level;           /* its name, or that of the arm */
    struct view_number *numbers; /* as view_study.columns */
};

/* One metric over the arms of one base. */
struct view_sources {
    const char *base;
    const struct metric *metric;
    struct effects_shares shares;
    struct effects_best best;
    const char *best_arm;
};

/* ---- order ------------------------------------------------------------------------------------------------------------ */

struct view_drift {
    const struct metric *metric;
    struct order_trend trend;
    double p_holm;          /* over the metrics looked at */
    bool large;             /* beyond half of what the study calls a difference */
    bool certain;           /* p_holm at most 0.05 */
    struct order_abba abba; /* n = 0: not a study of two arms in that order */
};

/* ---- generations ------------------------------------------------------------------------------------------------------ */

enum view_cause { CAUSE_FAILED, CAUSE_DEGENERATE, CAUSE_CONTEXT_TRUNCATED, CAUSE_LENGTH, CAUSES };

/* A generation of a complete run, also of a VOID one, with such a cause. */
struct view_generation {
    const struct run *run;
    const struct request *request;
    enum view_cause cause; /* the first of the list that it has */
};

/* An arm's headline over the counted runs, and over those of them that hold no generation with the cause; for an arm of
 * several agents over the blocks, and a solo run with the cause takes its block along. */
struct view_without {
    const char *arm;
    enum view_cause cause;
    int64_t generations;
    struct view_number all, without;
};

struct view_study {
    const struct metric **metrics; /* the family: as the plan declares it, else the default one */
    size_t n_metrics;
    double margin; /* the plan's, as a share of the baseline; 0: none */
    bool abba;
    /* With factors only: */
    const struct metric **columns; /* of levels */
    size_t n_columns;
    struct view_effect *effects; /* one family for Holm */
    size_t n_effects;
    struct view_level *levels;
    size_t n_levels;
    struct view_sources *sources;
    size_t n_sources;
    bool solos_left_out; /* solo arms serve the speedup and are no question of their own */
    /* Of every study: */
    struct view_drift *drifts;
    size_t n_drifts;
    struct view_generation *generations; /* by cause, then by run; the first VIEW_CLAIMS */
    size_t n_generations;
    int64_t by_cause[CAUSES]; /* all of them, each once */
    struct view_without *without;
    size_t n_without;
};

/* view_effects.c, view_order.c, view_causes.c: after arms, speedup and duets; fill v->study, which view_study makes. */
void view_study(struct report_view *v);
void view_effects(struct report_view *v);
void view_drifts(struct report_view *v);
void view_causes(struct report_view *v);

const char *view_cause_word(enum view_cause c);
const char *view_cause_what(enum view_cause c);
/* "num_ctx: 1024 against 512" */
const char *view_contrast(const struct report_view *v, struct arena *a, const struct view_effect *e);
/* The value of a metric in each counted run (of a metric of blocks: in each block) of an arm, in the arena. */
struct compare_arm view_arm_values(struct report_view *v, const char *arm, const struct metric *m);

/* answer_study.c: sentences. */
const char *answer_effects(struct report_view *v); /* there are effects */
const char *answer_best(struct report_view *v,
                        size_t i);               /* of sources[i], the first of its base; NULL: nothing to say */
const char *answer_duets(struct report_view *v); /* of all duets together */
const char *caution_drift(struct report_view *v, size_t i); /* of drifts[i]; NULL: none */

#endif

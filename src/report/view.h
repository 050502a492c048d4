/* view.h: the plain struct behind every rendering, private to this room. Everything lives in view.arena,
 * except the chunk lists of the runs. Numbers are raw here; number.h makes them text. */
#ifndef REPORT_VIEW_H
#define REPORT_VIEW_H

#include "analysis/design.h"
#include "analysis/goodput.h"
#include "analysis/load.h"
#include "analysis/precision.h"
#include "analysis/speedup.h"
#include "record/metric.h"
#include "record/outcome.h"
#include "record/peer.h"
#include "record/run.h"
#include "record/verdict.h"
#include "report/report.h"
#include "stats/interval.h"
#include "store/store.h"

enum {
    VIEW_FLAGS = 16,
    VIEW_AGENTS = 1000,
    VIEW_CLAIMS = 200,
    VIEW_DESCRIPTIVE_BELOW = 5,
    VIEW_COMPARED = 100, /* more in one family would find nothing */
    VIEW_REMARKED = 3
};
#define VIEW_CONFIDENCE 0.95

/* One metric over runs (of an arm) or blocks (of a duet). */
struct view_number {
    const struct metric *metric; /* NULL: none (the headline of a duet that has none) */
    const char *agent;           /* for numbers per agent; else NULL */
    double *values;              /* one per run or block, in their order; NaN where it is not given */
    size_t n_values, n;          /* n: finite ones */
    int64_t n_below;             /* sessions or requests behind them; -1: the metric is of the run itself */
    double median;
    struct interval interval; /* of the geometric mean or the mean, as `method` says */
    const char *method;       /* NULL: no interval, see label */
    const char *label;        /* "n = 3, descriptive" */
};

struct view_counts {
    int64_t runs, planned, completed, failed, cancelled, unsent;
    int64_t by_outcome[OUTCOME_COUNT];
    int64_t by_flag[VIEW_FLAGS];
};

/* What an arm of plain load asked for, and what came of it. */
struct view_load {
    const char *asked;   /* "closed loop of 2", "poisson arrivals at 20/s"; "load" when the plan does not tell */
    bool open;           /* an open loop */
    double rate;         /* asked, per second; NaN: a closed loop, or more than one rate */
    struct load_law law; /* of an open loop; else it has no stages */
    struct load_arrivals *arrivals;  /* one per run, as runs; NULL without a law */
    struct precision_rule precision; /* asked for; its metric NULL: none */
    struct precision *precisions;    /* one per run, as runs; NULL: not asked for */
    struct load_run *runs;           /* one per complete run of the arm, in their order */
    int64_t *estimated;              /* the same: questions of estimated length; -1: not told */
    struct goodput_run *goodput;     /* the same; NULL: not asked for */
};

struct view_arm {
    const char *name;
    const char **agents; /* each name once, the first VIEW_AGENTS */
    size_t n_agents;
    size_t planned;          /* rows of the plan */
    const struct run **runs; /* complete ones, by block */
    size_t n_runs;
    const struct run **others; /* aborted attempts and the like, by block and attempt */
    size_t n_others;
    size_t n_counted;            /* complete and not VOID: what the numbers are over */
    struct view_number *numbers; /* in the order of the metric table; only those with a value */
    size_t n_numbers;
    struct peer_number *peers; /* one per peer_at, over the counted runs; NULL: not asked for, or no such run */
    struct view_counts counts; /* over all runs, aborted ones included */
    struct view_load *load;    /* NULL: agents, or nothing complete */
};

/* The agents of one multi-agent arm beside their solo runs. */
struct view_duet {
    const char *arm;
    const char *agents; /* "a, b and c" */
    const struct speedup_block *blocks;
    size_t n_blocks, n_excluded;
    enum speedup_headline headline;
    struct view_number time, tokens, overlap, contention, output_rate, jain;
    struct view_number *slowdown; /* one per agent */
    size_t n_agents;
    const char *verdict; /* better, worse or inconclusive: side by side against one after the other */
};

/* An arm against the baseline. */
struct compare_view;
struct view_comparison {
    const struct view_arm *arm;
    const char *refused;       /* why it is not compared; NULL: it is */
    struct compare_view *pair; /* NULL when it is not; remarks only of the first VIEW_REMARKED */
    size_t telling;            /* the one of its results to be told first */
};

/* The arms of a study against one of them: every metric of every arm in one family. Arms that a duet's true speedup compares
 * are not among them. */
struct view_comparisons {
    const struct view_arm *base;       /* NULL: nothing is compared */
    struct view_comparison *at;        /* in the order of the study */
    size_t n, n_compared;              /* arms with runs that count, and those that are not refused */
    size_t left_out;                   /* arms beyond VIEW_COMPARED */
    const struct view_comparison *top; /* whose result is the most telling; NULL: none is compared */
};

/* What the agents' reports are worth, summed over an arm and agent. */
struct view_quality {
    const char *arm, *agent;
    int64_t sessions;
    double score_median; /* keyword score; NaN */
    /* statements; -1: not told. named: of the supported ones, those whose sentence names the fact */
    int64_t supported, supported_named, contradicted, not_found;
    int64_t degenerate; /* answers flagged degenerate */
};

/* A statement that the files contradict. */
struct view_claim {
    const struct run *run;
    const char *agent, *sentence, *fact, *origin; /* may be NULL, but for the sentence */
    double fact_value;
};

struct view_health {
    const char *what, *unit;
    double median, worst;
    size_t n;
    const struct run *worst_run;
};

/* What the sampler saw; NaN: not told. CPU times are cumulative. */
struct view_sample {
    mono_ns t_ns;
    double host_s, client_s, servers_s; /* servers: all of them */
    double client_bytes, servers_bytes;
    double gpu_percent, gpu_bytes, gpu_w; /* the mean; the sums */
};

struct view_samples {
    struct view_sample *at;
    size_t n;
    bool gpu; /* there is one */
};

struct report_view {
    struct arena arena;
    struct store_info info;
    struct run *runs;
    size_t n_runs;
    struct named_json *hosts, *servers;
    size_t n_hosts, n_servers;
    const char *corpus_json, *host_at_start_json, *prompts_json, *client_json, *import_json; /* NULL: none */
    const char **load_json; /* per run, how its load was made; NULL: no load, or not told */
    struct view_arm *arms;
    size_t n_arms;
    struct design design;
    struct speedup speedup;
    struct view_duet *duets;
    size_t n_duets;
    struct view_study *study; /* study_view.h */
    struct view_comparisons comparisons;
    struct view_quality *quality;
    size_t n_quality;
    struct view_claim *claims; /* the first VIEW_CLAIMS of counted and other complete runs */
    size_t n_claims;
    int64_t contradicted; /* all of them */
    struct view_health *health;
    size_t n_health;
    struct view_counts counts;
    struct goodput goodput;             /* n = 0: not asked for */
    int64_t verdicts[VERDICT_NONE + 1]; /* of complete runs */
    enum verdict verdict;               /* of the study; NONE: there is none */
    const char *verdict_why;
    bool enough;                  /* ended by its stop rule: what was not begun is not missing */
    struct store_source *sources; /* files that were imported */
    size_t n_sources;
    const char **answers; /* sentences that answer the question, most telling first */
    size_t n_answers;
    const char **cautions; /* what a reader must know before he believes them */
    size_t n_cautions;
    char raw_sha256[65]; /* of the stored hashes of all runs' raw rows, one after the other by id; "": none has one */
    struct view_samples *samples;          /* one per run; NULL: not read */
    bool with_peers;                       /* other tools' definitions were asked for */
    const struct peer_limits *peer_limits; /* for their goodput; NULL: not asked for */
};

/* view.c */
const struct view_number *view_find(const struct view_arm *arm, const char *id); /* NULL: no value */
const char *view_run_word(const struct run *r); /* its verdict, "imported", or its state when it is not complete */
const char *view_worst_verdict(const struct view_arm *arm); /* of the counted runs; NULL: one was not judged */
/* number.c: takes the values (in the arena) */
struct view_number view_number_of(struct report_view *v, const struct metric *m, double *values, size_t n,
                                  int64_t n_below);
/* load.c */
void view_loads(struct report_view *v);
/* One sentence on an arm's counted runs; it has some. */
const char *view_load_headline(struct report_view *v, const struct view_arm *arm);
size_t view_cut_off(const struct report_view *v); /* requests of plain load that a timeout or we ended */
/* duet.c */
void view_duets(struct report_view *v);
/* comparisons.c */
void view_comparisons(struct report_view *v);
void view_comparisons_release(struct report_view *v);
/* The most telling comparison in one sentence, NULL when it has no value; how many arms have which verdict in another. Both
 * only with a top. */
const char *view_comparison_sentence(struct report_view *v);
const char *view_comparison_count(struct report_view *v);
/* answer.c */
void view_answer(struct report_view *v);
/* worth.c */
void view_worth(struct report_view *v); /* quality and health */

#endif

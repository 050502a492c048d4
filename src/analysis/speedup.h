/* analysis: pure functions over several runs read from a result.
 *
 * Owns: what follows from comparing runs: true speedup (speedup.h), later comparisons and audits.
 * Must not know: result files, servers, how numbers are shown. No I/O; names stay borrowed from the runs.
 *
 * speedup.h: is it faster to run several agents at once than one after the other? Each multi-agent run is
 * set beside the solo run of each of its agents in the same block. An arm with exactly one session, by agent
 * X, is X's solo arm when X also takes part in a multi-agent arm; agents are matched by name, and in a study with factors
 * by level: a solo arm that a factor does not change serves all of its levels. Only complete
 * runs count whose verdict is not VOID and whose sessions are all ok; every other run of these arms is
 * listed with its cause. */
#ifndef ANALYSIS_SPEEDUP_H
#define ANALYSIS_SPEEDUP_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/design.h"
#include "base/arena.h"
#include "record/run.h"

/*   speedup.time   = sum of solo durations / makespan of the multi-agent run
 *   speedup.tokens = sum over agents of (sum over stages of tokens in the multi-agent run / own solo decode rate in that
 *                    stage + own solo time outside decode) / makespan
 *
 * With equal tokens the two are the same number. speedup.time is the headline only when each agent's prompt
 * and output tokens match its solo run within 2 %: else the longer text of one run would be taken for
 * slowness. Both are set against the original's overlap = 50 (1 + min/max), which cannot see a shared
 * processor (audit of TR114: overlap 98.28 %, true speedup 0.756). */

/* ---- what an agent does alone ---------------------------------------------------------------------------- */

enum { SOLO_STAGES_MAX = 32 };

/* Where decode times come from; the same for all runs of a comparison. SERVER: completion_tok and eval time
 * as reported. CLIENT: completion_tok - 1 and last_token - first_token, for servers that report no times. */
enum decode_source { DECODE_UNKNOWN, DECODE_SERVER, DECODE_CLIENT };

struct solo_stage {
    const char *name; /* borrowed; never NULL */
    double tok, decode_s;
};

/* Sums over the solo sessions that were added; one block has one. Zero-initialised (with a source) is empty. */
struct solo_profile {
    enum decode_source source;
    struct solo_stage stages[SOLO_STAGES_MAX];
    size_t n_stages;
    double sessions, duration_s;
};

/* The source that all completed requests of the session can give. */
enum decode_source decode_source_of(const struct run *r, const struct session *s);
void solo_profile_add(struct solo_profile *p, const struct run *r, const struct session *s);
/* What the session's own tokens would have cost the agent alone, in seconds. NaN when the profile lacks a
 * stage of it. */
double solo_profile_cost_s(const struct solo_profile *p, const struct run *r, const struct session *s);

/* ---- blocks ---------------------------------------------------------------------------------------------- */

#define SPEEDUP_MATCH 0.02 /* tokens within 2 % of the solo run are the same work */

/* Totals of one agent's session in one run; NaN where the record does not tell. */
struct agent_side {
    const struct run *run;
    const struct session *session;
    double duration_s;
    double prompt_tok, completion_tok;
    double decode_rate; /* tok/s over all stages */
    double queue_ms;    /* median over its requests */
    double ttft_ms;     /* median over its requests */
};

struct speedup_agent {
    const char *name, *server;
    struct agent_side solo, together;
    bool match;      /* prompt and output tokens within SPEEDUP_MATCH, known on both sides */
    double slowdown; /* solo decode rate / decode rate together */
};

struct speedup_block {
    int32_t block;
    const char *arm;
    const struct run *run; /* the multi-agent run */
    struct speedup_agent *agents;
    size_t n_agents;
    enum decode_source source;
    bool match;         /* of all agents */
    bool strata_differ; /* a solo run had other host facts */
    int64_t degenerate; /* degenerate answers among the runs of this block */
    double makespan_s;
    double time, tokens;                           /* the two speedups */
    double overlap, contention, output_rate, jain; /* of the multi-agent run, by record/metric's rows */
    const char *queue_metric; /* "queue.server" or "queue.client": what queue_ms of all its sides is; NULL: neither */
};

struct speedup_exclusion {
    const struct run *run;
    const char *why;
};

struct speedup {
    struct speedup_block *blocks; /* ordered by arm (first seen first), then block */
    size_t n_blocks;
    struct speedup_exclusion *excluded;
    size_t n_excluded;
    size_t n_multi; /* multi-agent runs seen, counted or not: 0 means that there is no such question */
};

/* Everything lives in the arena, except names and runs, which stay borrowed from `runs`. */
void speedup_of_runs(const struct run *runs, size_t n, const struct design *design, struct arena *a,
                     struct speedup *out);

enum speedup_headline { SPEEDUP_NONE, SPEEDUP_BY_TIME, SPEEDUP_BY_TOKENS };

/* Which of the two is the headline over n blocks of one arm: time when every block matches; else tokens when
 * every block has it; else none, because equal work is not shown. */
enum speedup_headline speedup_headline(const struct speedup_block *blocks, size_t n);
/* The rule in one sentence, for reports. */
const char *speedup_headline_rule(void);
/* The original's contention flag in one sentence. */
const char *speedup_contention_rule(void);

#endif

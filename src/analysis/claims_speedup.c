/* claims_speedup.c: the agents alone, and pairs beside that: see claims_work.h. */
#include <math.h>
#include <string.h>

#include "analysis/claims_work.h"
#include "stats/moments.h"

enum { STAGES = 2, REPETITIONS = 5, CALLS = STAGES * REPETITIONS, LEAST_TOKENS = 50 };
#define WARM_MS 1000

static const char *const sides[] = {"baseline", "chimera"}, *const agents[] = {"collector", "insight"};

struct sums {
    struct claim_values rate[STAGES], rest, tok_s;
};

static int stage_of(const char *stage)
{
    return strcmp(stage, "report") == 0;
}

/* The calls of a repetition of a side; false: it was cold, or not valid. */
static bool calls_of(const struct claim_row *r, const char *side, int repetition, int calls[STAGES])
{
    int n = 0;
    for (int i = 0; i < CALLS; i++) {
        if (claim_number(r, "%s.calls.%d.run_number", side, i) != repetition || n == STAGES)
            continue;
        double tokens = claim_number(r, "%s.calls.%d.tokens_generated", side, i);
        double load_ms = claim_number(r, "%s.calls.%d.load_duration_ms", side, i);
        if (!(tokens >= LEAST_TOKENS && load_ms < WARM_MS))
            return false;
        calls[n++] = i;
    }
    return n == STAGES;
}

static void add_repetition(struct claim_work *w, const struct claim_row *r, const char *side, int repetition,
                           const int calls[STAGES], struct sums *s)
{
    double all = 0;
    for (int k = 0; k < STAGES; k++) {
        int i = calls[k];
        double total_ms = claim_take(w, r, "%s.calls.%d.total_duration_ms", side, i);
        double eval_ms = claim_take(w, r, "%s.calls.%d.eval_duration_ms", side, i);
        double rate = claim_take(w, r, "%s.calls.%d.throughput_tokens_per_sec", side, i);
        all += claim_take(w, r, "%s.calls.%d.tokens_generated", side, i);
        claim_values_add(&s->rate[stage_of(claim_text(r, "%s.calls.%d.stage", side, i))], r, rate);
        claim_values_add(&s->rest, r, (total_ms - eval_ms) / 1e3);
    }
    claim_values_add(&s->tok_s, r,
                     all / claim_take(w, r, "%s.workflow_runs.%d.workflow.total_seconds", side, repetition - 1));
}

bool claim_solo(struct claim_work *w, const char *from, struct claim_solo *out)
{
    struct claim_rows rows = claim_select(w, "rust-single", from, NULL);
    size_t most = rows.n * 2 * CALLS;
    struct sums s = {
        {claim_values_new(w, most), claim_values_new(w, most)}, claim_values_new(w, most), claim_values_new(w, most)};
    int calls[STAGES];
    for (size_t i = 0; i < rows.n; i++)
        for (int side = 0; side < 2; side++)
            for (int k = 1; k <= REPETITIONS; k++)
                if (calls_of(rows.at[i], sides[side], k, calls))
                    add_repetition(w, rows.at[i], sides[side], k, calls, &s);
    *out = (struct claim_solo){.analysis_tok_s = moments_mean(s.rate[0].x, s.rate[0].n),
                               .report_tok_s = moments_mean(s.rate[1].x, s.rate[1].n),
                               .rest_s = moments_mean(s.rest.x, s.rest.n),
                               .tok_s = moments_mean(s.tok_s.x, s.tok_s.n),
                               .runs = s.tok_s.n};
    return out->runs > 0;
}

double claim_speedup_tokens(struct claim_work *w, const struct claim_row *r, const struct claim_solo *s)
{
    double cost_s = 0;
    for (int a = 0; a < 2; a++)
        for (int i = 0; i < STAGES; i++) {
            double tokens = claim_take(w, r, "%s.calls.%d.tokens_generated", agents[a], i);
            bool report = stage_of(claim_text(r, "%s.calls.%d.stage", agents[a], i));
            cost_s += tokens / (report ? s->report_tok_s : s->analysis_tok_s) + s->rest_s;
        }
    return cost_s / claim_take(w, r, "summary.concurrent_wall_time_s");
}

double claim_pair_tok_s(struct claim_work *w, const struct claim_row *r)
{
    double tokens = 0;
    for (int a = 0; a < 2; a++)
        tokens += claim_take(w, r, "%s.aggregate.total_tokens_generated", agents[a]);
    return tokens / claim_take(w, r, "summary.concurrent_wall_time_s");
}

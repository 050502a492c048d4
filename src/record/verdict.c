/* verdict.c: the rules that make a run SUSPECT or VOID, one table. They judge the instrument and the host,
 * never the server: a run full of failed requests is a valid observation of a failing server.
 *
 * Source: the checks of load generators (coordinated omission, Schroeder et al., NSDI 2006; wrk2;
 * pgbench's accounting). A rule whose quantity was not measured (-1 or NaN) does not fire. Agent runs have
 * long requests and few of them: where a disturbance only blurs them, they are SUSPECT; the same in a load
 * run makes it VOID. */
#include "record/verdict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {"VALID", "SUSPECT", "VOID"};

const char *verdict_word(enum verdict v)
{
    return v == VERDICT_NONE ? NULL : (unsigned)v <= VERDICT_VOID ? words[v] : "?";
}

/* What the rules look at, computed once. */
struct evidence {
    const struct run *run;
    const struct run_tally *tally;
    struct run_counts counts;
    double median_latency_ms; /* of the completed requests, from sent; NaN */
};

/* A rule gives the measured quantity; the rule fires when it is above the limit. NaN: not measured. */
struct rule {
    struct verdict_rule row;
    double (*measure)(const struct evidence *);
    double (*limit)(const struct evidence *); /* NULL: row.limit */
};

static double share(int64_t part, int64_t whole)
{
    return part < 0 || whole <= 0 ? NAN : (double)part / (double)whole;
}

static double told(int64_t v)
{
    return v < 0 ? NAN : (double)v;
}

static double told_share(double v)
{
    return v < 0 ? NAN : v;
}

static double incomplete(const struct evidence *v)
{
    return v->run->state == RUN_ABORTED;
}

static double unbalanced(const struct evidence *v)
{
    const struct run_counts *c = &v->counts;
    return (double)c->planned - (double)(c->completed + c->failed + c->cancelled + c->unsent);
}

static double out_of_order(const struct evidence *v)
{
    return v->tally->stamps_fault != NULL;
}

static double clock_steps(const struct evidence *v)
{
    return told(v->run->health.clock_steps);
}

static double unsent(const struct evidence *v)
{
    return (double)v->counts.unsent;
}

static double dropped(const struct evidence *v)
{
    return told(v->run->health.dropped_chunks);
}

static double loop_busy(const struct evidence *v)
{
    return told_share(v->run->health.loop_busy);
}

/* A request and a read cost the loop time each, so the shares of both ceilings add up. Merged chunks came with a read that is
 * counted. Over the whole time, the warm-up's too. */
static double of_ceiling(const struct evidence *v)
{
    const struct health *h = &v->run->health;
    double s = (double)(v->run->ended_ns - v->run->started_ns) / 1e9;
    if (!(s > 0) || !(h->ceiling_chunks_per_s > 0) || !(h->ceiling_requests_per_s > 0))
        return NAN;
    return (double)(h->chunks - h->merged) / s / h->ceiling_chunks_per_s +
           (double)(v->tally->counter.n - v->counts.unsent) / s / h->ceiling_requests_per_s;
}

#define CEILING_VOID 0.80

static double near_ceiling(const struct evidence *v)
{
    double share = of_ceiling(v);
    return share > CEILING_VOID ? NAN : share; /* the stronger rule says it */
}

static double send_lag(const struct evidence *v)
{
    return v->run->health.send_lag_p99_us / 1e3;
}

static double send_lag_limit(const struct evidence *v)
{
    return fmax(1.0, 0.01 * v->median_latency_ms); /* fmax ignores a NaN */
}

static double steal(const struct evidence *v)
{
    return told_share(v->run->health.steal);
}

static double barrier(const struct evidence *v)
{
    return v->run->health.barrier_spread_us / 1e3;
}

static double stopped(const struct evidence *v)
{
    return v->run->health.stopped_max_ms;
}

static double receive_full(const struct evidence *v)
{
    return told_share(v->run->health.receive_full);
}

static double unstamped(const struct evidence *v)
{
    return share(v->run->health.unstamped, v->run->health.chunks);
}

static double retransmits(const struct evidence *v)
{
    return share(v->run->health.retransmits, v->run->health.chunks);
}

/* start_state is canonical JSON, in which a string can hold no bare quote: a key that is found this way is one. */
static const char *in_start_state(const struct evidence *v, const char *key)
{
    const char *at = v->run->start_state ? strstr(v->run->start_state, key) : NULL;
    return at ? at + strlen(key) : NULL;
}

#define FAILED_KEY "\"failed\":\""

static double not_made(const struct evidence *v)
{
    return in_start_state(v, FAILED_KEY) != NULL;
}

static double counted(const struct evidence *v, const char *key)
{
    const char *at = in_start_state(v, key);
    return at ? (double)strtol(at, NULL, 10) : NAN; /* older results do not tell */
}

static double unproven(const struct evidence *v)
{
    return counted(v, "\"unproven\":");
}

static double guard(const struct evidence *v)
{
    return counted(v, "\"guard_missed\":");
}

#define V VERDICT_VOID
#define S VERDICT_SUSPECT
/* clang-format off */
/* word, limit, unit, in a load run, in an agent run, sentence */
static const struct rule rules[] = {
    {{"aborted", 0, "1", V, V, "the run was aborted"}, incomplete, NULL},
    {{"failed", 0, "1", V, V, "its servers failed"}, not_made, NULL},
    {{"start_state", 0, "1", S, S, "servers whose starting state was not what the study asks for, or could not be proven"},
     unproven, NULL},
    {{"guard", 0, "1", S, S, "limits of the study's guard that the host did not keep, though it was waited for"}, guard, NULL},
    {{"accounting", 0, "1", V, V, "planned requests are not completed + failed + cancelled + unsent"}, unbalanced, NULL},
    {{"stamps", 0, "1", V, V, "a request's stamps are not in causal order"}, out_of_order, NULL},
    {{"clock_step", 0, "1", V, V, "CLOCK_REALTIME was stepped during the run"}, clock_steps, NULL},
    {{"unsent", 0, "1", V, V, "planned requests were never sent"}, unsent, NULL},
    {{"dropped_chunks", 0, "1", V, V, "chunks found no room in the record"}, dropped, NULL},
    {{"loop_busy", 0.80, "1", V, V, "the client's loop was busy for most of the run: it may be the bottleneck"},
     loop_busy, NULL},
    {{"near_ceiling", 0.50, "1", S, S, "the load comes near what this client was calibrated to carry"}, near_ceiling, NULL},
    {{"ceiling", CEILING_VOID, "1", V, S, "the load is more than this client can carry without delays of its own"}, of_ceiling,
     NULL},
    {{"send_lag", 1.0, "ms", V, S, "requests left late: p99 of sent - planned above the larger of 1 ms and 1 % of the "
      "median latency"}, send_lag, send_lag_limit},
    {{"stopped", 250.0, "ms", V, S, "the client did not run for a while: a timer of its loop came late"}, stopped, NULL},
    {{"steal", 0.01, "1", V, S, "the hypervisor took CPU time"}, steal, NULL},
    {{"barrier_spread", 1.0, "ms", S, S, "sessions did not start together"}, barrier, NULL},
    {{"receive_full", 0.01, "1", S, S, "reads found half of the receive window or more waiting: the client may have held "
      "the server back"}, receive_full, NULL},
    {{"unstamped", 0.05, "1", S, S, "chunks without a kernel stamp"}, unstamped, NULL},
    {{"retransmits", 0.001, "1", S, S, "TCP segments were lost or out of order, per chunk received"}, retransmits, NULL},
};
/* clang-format on */
#undef V
#undef S

enum { RULES = sizeof rules / sizeof rules[0] };

const struct verdict_rule *verdict_rule_at(size_t i)
{
    return i < RULES ? &rules[i].row : NULL;
}

bool run_is_agent(const struct run *r)
{
    for (size_t i = 0; i < r->n_sessions; i++)
        if (r->sessions[i].agent && strcmp(r->sessions[i].agent, "load") != 0)
            return true;
    return false;
}

bool run_is_counted(const struct run *r)
{
    return r->state == RUN_COMPLETE && r->verdict != VERDICT_VOID;
}

static void add_value(struct str *why, const char *unit, double value)
{
    if (!strcmp(unit, "ms"))
        str_addf(why, value < 1000 ? "%.3g ms" : "%.0f ms", value);
    else if (value == floor(value))
        str_addf(why, "%.0f", value);
    else
        str_addf(why, "%.3g %%", value * 100);
}

static void explain(const struct rule *rule, const struct evidence *v, double value, double limit, struct str *why)
{
    if (why->len)
        str_addz(why, "; ");
    str_addf(why, "%s: %s", rule->row.word, rule->row.what);
    if (rule->measure == out_of_order) {
        str_addf(why, " (%s in request %lld)", v->tally->stamps_fault, (long long)v->tally->stamps_fault_seq);
    } else if (rule->measure == not_made) {
        const char *reason = in_start_state(v, FAILED_KEY);
        str_addf(why, " (%.*s)", (int)strcspn(reason, "\""), reason);
    } else if (rule->measure != incomplete) {
        str_addz(why, " (");
        add_value(why, rule->row.unit, value);
        str_addz(why, ", limit ");
        add_value(why, rule->row.unit, limit);
        str_addz(why, ")");
    }
}

enum verdict verdict_of_run(const struct run *r, const struct run_tally *t, struct str *why)
{
    struct evidence v = {r, t, t->counter.counts, run_tally_median_e2e_ms(t)};
    enum verdict worst = VERDICT_VALID;
    bool agent = run_is_agent(r);
    for (size_t i = 0; i < RULES; i++) {
        const struct rule *rule = &rules[i];
        double value = rule->measure(&v), limit = rule->limit ? rule->limit(&v) : rule->row.limit;
        if (!(value > limit || (rule->measure == unbalanced && value < 0)))
            continue;
        enum verdict verdict = agent ? rule->row.in_agent_run : rule->row.in_load_run;
        worst = verdict > worst ? verdict : worst;
        explain(rule, &v, value, limit, why);
    }
    return worst;
}

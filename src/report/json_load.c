/* json_load.c: the member "load" of an arm of plain load.
 *
 *   asked     what the plan asked for, as a sentence; open: an open loop; rate: asked requests per second, null for a
 *             closed loop or more than one rate
 *   runs      one per complete run, in the order of the arm's "runs":
 *     run, block, verdict, counted      numbers of a run that is not counted (VOID) count nowhere
 *     planned, completed, failed, cancelled, unsent
 *     warmup_requests                   planned before the window: in no other number but what was in flight
 *     estimated                         questions, warm-up included, whose length was not counted; null: not told
 *     conversations, cut_short          of several turns; those that an answer that failed ended
 *     window_s                          from the release, or the end of the warm-up, to the end of the last request
 *     planned_rate, sent_rate           per second, from the first to the last of their stamps
 *     completed_rate, output_tok, output_rate   over the window
 *     in_flight_mean, in_flight_max     requests between sent and done; the mean is sum of (done - sent) / window
 *     errors    the share of planned ones that failed or were never sent: value, ci (95 % Wilson), n
 *     balance   Little's law between the first and the last send: in_flight, law (rate * mean of done - sent), deviation
 *     latency   one per metric: id, unit, n (completed ones and those cut off), cut_off (by a timeout or by us: known to be
 *               longer), max (the longest seen), tails: one per p: p, value (nearest rank; 0.5: the median; by Kaplan and
 *               Meier when some are cut off: null beyond what was seen, then it is more than `over`), over (null
 *               otherwise), ci (null: not bounded or not to be told at that end), m (effective
 *               exceedances), state (OK, WEAK, UNRESOLVED: then value is no more than what was seen),
 *               need_requests and need_s (that would make it OK; null when it is)
 *     warmup    drop of n sends by MSER-5, settled, by: the series that settles last, null when too few
 *     gap_max_ms, gap_max_request, stall_ms, streamed, stalled: completed requests with a gap, and with one over stall_ms
 *     stall_share                       of the time of all their text, in such gaps
 *     broken                            not completed, but with a first token
 *     reader_tok_s, readers, readers_waited, reader_wait_max_ms: of the streams that tell how many tokens came when, those
 *               where a reader of that speed would have waited, and the longest wait in one
 *     late, late_limit_ms               sent later than that after planned
 *     arrivals  only of an open loop with a rate: n sends, cv2 of their gaps in operational time and cv2_law; p_gaps
 *               (Kolmogorov), p_counts (dispersion), p_neighbours (lag-1 autocorrelation), p (Bonferroni) that they
 *               follow the law: null for constant gaps and for fewer than 20 sends
 *     precision only when the load was to stop by it: metric, statistic (median, mean), asked (relative half width),
 *               relative (null: none, or not bounded), reached, n: at the first look that reached it, else over all; ci,
 *               values_needed
 *     goodput   only when asked for: limits (ms by word), good, planned, not_completed, missed and untold by word, share,
 *               share_ci (95 % Wilson, of planned), rate (good per second of the window) */
#include <math.h>

#include "record/verdict.h"
#include "report/json_view.h"

static void ci(struct json_writer *w, const char *key, double lo, double hi)
{
    json_key(w, key);
    json_array(w);
    json_double(w, lo);
    json_double(w, hi);
    json_array_end(w);
}

static void tail(struct json_writer *w, const struct load_latency *x, const struct load_tail *t)
{
    json_object(w);
    json_kdouble(w, "p", t->p);
    json_kdouble(w, "value", t->q);
    json_kdouble(w, "over", isinf(t->q) ? x->max : NAN);
    ci(w, "ci", t->lo, t->hi);
    json_kdouble(w, "m", t->m);
    json_kz(w, "state", tail_state_word(t->state));
    json_kdouble(w, "need_requests", t->need_n);
    json_kdouble(w, "need_s", t->need_s);
    json_object_end(w);
}

static void latency(struct json_writer *w, const struct load_run *l)
{
    json_key(w, "latency");
    json_array(w);
    for (size_t i = 0; i < LOAD_LATENCIES; i++) {
        const struct load_latency *x = &l->latency[i];
        json_object(w);
        json_kz(w, "id", x->metric->id);
        json_kz(w, "unit", x->metric->unit);
        json_kint(w, "n", (int64_t)x->n);
        json_kint(w, "cut_off", (int64_t)x->cut_off);
        json_kdouble(w, "max", x->max);
        json_key(w, "tails");
        json_array(w);
        for (size_t k = 0; k < LOAD_TAILS; k++)
            tail(w, x, &x->tail[k]);
        json_array_end(w);
        json_object_end(w);
    }
    json_array_end(w);
}

static void by_word(struct json_writer *w, const char *key, const struct goodput *g, const int64_t *counts)
{
    json_key(w, key);
    json_object(w);
    for (size_t i = 0; i < g->n; i++)
        json_kint(w, g->limit[i].word, counts[i]);
    json_object_end(w);
}

static void goodput(struct json_writer *w, const struct goodput *g, const struct goodput_run *x)
{
    json_key(w, "goodput");
    json_object(w);
    json_key(w, "limits");
    json_object(w);
    for (size_t i = 0; i < g->n; i++)
        json_kdouble(w, g->limit[i].word, g->limit[i].limit_ms);
    json_object_end(w);
    json_kint(w, "good", x->good);
    json_kint(w, "planned", x->planned);
    json_kint(w, "not_completed", x->not_completed);
    by_word(w, "missed", g, x->missed);
    by_word(w, "untold", g, x->untold);
    json_kdouble(w, "share", x->share.estimate);
    ci(w, "share_ci", x->share.lo, x->share.hi);
    json_kdouble(w, "rate", x->rate);
    json_object_end(w);
}

static void warmup(struct json_writer *w, const struct load_warmup *x)
{
    json_key(w, "warmup");
    json_object(w);
    json_kint(w, "n", (int64_t)x->n);
    json_kint(w, "drop", (int64_t)x->drop);
    json_kbool(w, "settled", x->settled);
    json_kz(w, "by", x->by);
    json_object_end(w);
}

static void errors(struct json_writer *w, const struct interval *x)
{
    json_key(w, "errors");
    json_object(w);
    json_kdouble(w, "value", x->estimate);
    ci(w, "ci", x->lo, x->hi);
    json_kint(w, "n", (int64_t)x->n);
    json_object_end(w);
}

static void balance(struct json_writer *w, const struct load_balance *b)
{
    json_key(w, "balance");
    json_object(w);
    json_kdouble(w, "in_flight", b->in_flight);
    json_kdouble(w, "law", b->law);
    json_kdouble(w, "deviation", b->in_flight / b->law - 1);
    json_object_end(w);
}

static void streams(struct json_writer *w, const struct load_streams *s)
{
    json_kdouble(w, "gap_max_ms", s->gap_max_ms);
    if (s->gap_max_seq >= 0)
        json_kint(w, "gap_max_request", s->gap_max_seq);
    else
        json_knull(w, "gap_max_request");
    json_kdouble(w, "stall_ms", METRIC_STALL_MS);
    json_kint(w, "streamed", (int64_t)s->n);
    json_kint(w, "stalled", (int64_t)s->stalled);
    json_kdouble(w, "stall_share", s->stall_share);
    json_kint(w, "broken", (int64_t)s->broken);
    json_kdouble(w, "reader_tok_s", METRIC_READER_TOK_S);
    json_kint(w, "readers", (int64_t)s->readers);
    json_kint(w, "readers_waited", (int64_t)s->waited);
    json_kdouble(w, "reader_wait_max_ms", s->wait_max_ms);
}

static void arrivals(struct json_writer *w, const struct load_arrivals *x)
{
    json_key(w, "arrivals");
    json_object(w);
    json_kint(w, "n", (int64_t)x->n);
    json_kdouble(w, "cv2", x->cv2);
    json_kdouble(w, "cv2_law", x->cv2_law);
    json_kdouble(w, "p_gaps", x->ks_p);
    json_kdouble(w, "p_counts", x->dispersion_p);
    json_kdouble(w, "p_neighbours", x->acf1_p);
    json_kdouble(w, "p", x->p);
    json_object_end(w);
}

static void precision(struct json_writer *w, const struct precision_rule *rule, const struct precision *x)
{
    json_key(w, "precision");
    json_object(w);
    json_kz(w, "metric", rule->metric->id);
    json_kz(w, "statistic", rule->mean ? "mean" : "median");
    json_kdouble(w, "asked", rule->relative);
    json_kdouble(w, "relative", x->relative);
    json_kbool(w, "reached", x->reached);
    json_kint(w, "n", (int64_t)x->n);
    json_key(w, "ci");
    json_array(w);
    json_double(w, x->lo);
    json_double(w, x->hi);
    json_array_end(w);
    json_kdouble(w, "values_needed", x->values_needed);
    json_object_end(w);
}

static void run(struct json_writer *w, const struct load_run *l)
{
    json_kint(w, "run", l->run->id);
    json_kint(w, "block", l->run->block);
    json_kz(w, "verdict", verdict_word((enum verdict)l->run->verdict));
    json_kbool(w, "counted", run_is_counted(l->run));
    json_kint(w, "planned", l->counts.planned);
    json_kint(w, "completed", l->counts.completed);
    json_kint(w, "failed", l->counts.failed);
    json_kint(w, "cancelled", l->counts.cancelled);
    json_kint(w, "unsent", l->counts.unsent);
    json_kint(w, "warmup_requests", (int64_t)l->run->n_warmup);
    json_kint(w, "conversations", (int64_t)l->conversations);
    json_kint(w, "cut_short", (int64_t)l->cut_short);
    json_kdouble(w, "window_s", l->window_s);
    json_kdouble(w, "planned_rate", l->planned_rate);
    json_kdouble(w, "sent_rate", l->sent_rate);
    json_kdouble(w, "completed_rate", l->completed_rate);
    json_kdouble(w, "output_tok", l->output_tok);
    json_kdouble(w, "output_rate", l->output_rate);
    json_kdouble(w, "in_flight_mean", l->in_flight_mean);
    json_kdouble(w, "in_flight_max", isnan(l->in_flight_mean) ? NAN : (double)l->in_flight_max);
    errors(w, &l->errors);
    balance(w, &l->balance);
    latency(w, l);
    warmup(w, &l->warmup);
    streams(w, &l->streams);
    json_kint(w, "late", (int64_t)l->late);
    json_kdouble(w, "late_limit_ms", l->late_limit_ms);
}

void json_load(struct json_writer *w, const struct report_view *v, const struct view_arm *arm)
{
    const struct view_load *l = arm->load;
    json_key(w, "load");
    json_object(w);
    json_kz(w, "asked", l->asked);
    json_kbool(w, "open", l->open);
    json_kdouble(w, "rate", l->rate);
    json_key(w, "runs");
    json_array(w);
    for (size_t i = 0; i < arm->n_runs; i++) {
        json_object(w);
        run(w, &l->runs[i]);
        if (l->estimated[i] < 0)
            json_knull(w, "estimated");
        else
            json_kint(w, "estimated", l->estimated[i]);
        if (l->arrivals)
            arrivals(w, &l->arrivals[i]);
        if (l->precisions)
            precision(w, &l->precision, &l->precisions[i]);
        if (l->goodput)
            goodput(w, &v->goodput, &l->goodput[i]);
        json_object_end(w);
    }
    json_array_end(w);
    json_object_end(w);
}

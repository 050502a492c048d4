/* page_load.c: the arms of plain load: a row per run, its latencies with what they can be believed, its goodput. */
#include <math.h>

#include "record/verdict.h"
#include "report/number.h"
#include "report/page.h"

enum { E2E = 3, P99 = 2 };

static bool is_void(const struct run *r)
{
    return !run_is_counted(r);
}

/* A row of a run: block and verdict first. */
static void run_cells(struct table *t, const struct run *r)
{
    table_cellf(t, "%d", r->block + 1);
    table_cell(t, view_run_word(r));
    if (is_void(r))
        table_faint(t);
}

static void table_of(struct page *p, struct table *t, const char *const *heads, size_t n)
{
    table_init(t, &p->arena);
    for (size_t i = 0; i < n; i++)
        table_column(t, heads[i], i == 1 ? TABLE_LEFT : TABLE_RIGHT);
}

static void counts_table(struct page *p, const struct view_arm *arm)
{
    static const char *const heads[] = {"block",  "verdict", "planned", "ok",
                                        "failed", "unsent",  "late",    "errors % [95 %]"};
    struct table t;
    table_of(p, &t, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < arm->n_runs && page_row_fits(p, i); i++) {
        const struct load_run *l = &arm->load->runs[i];
        run_cells(&t, l->run);
        table_cellf(&t, "%lld", (long long)l->counts.planned);
        table_cellf(&t, "%lld", (long long)l->counts.completed);
        table_cellf(&t, "%lld", (long long)l->counts.failed);
        table_cellf(&t, "%lld", (long long)l->counts.unsent);
        table_cellf(&t, "%zu", l->late);
        table_cell(&t, number_share(&p->arena, &l->errors));
    }
    p->ops->table(p, &t);
}

static void rates_table(struct page *p, const struct view_arm *arm)
{
    static const char *const heads[] = {"block", "verdict", "window s",  "planned/s", "sent/s",
                                        "ok/s",  "tok/s",   "in flight", "most"};
    struct table t;
    table_of(p, &t, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < arm->n_runs && page_row_fits(p, i); i++) {
        const struct load_run *l = &arm->load->runs[i];
        run_cells(&t, l->run);
        table_cell(&t, number_text(&p->arena, l->window_s));
        table_cell(&t, number_text(&p->arena, l->planned_rate));
        table_cell(&t, number_text(&p->arena, l->sent_rate));
        table_cell(&t, number_text(&p->arena, l->completed_rate));
        table_cell(&t, number_text(&p->arena, l->output_rate));
        table_cell(&t, number_text(&p->arena, l->in_flight_mean));
        table_cell(&t, isnan(l->in_flight_mean) ? NO_NUMBER : arena_printf(&p->arena, "%zu", l->in_flight_max));
    }
    p->ops->table(p, &t);
    page_rest(p, arm->n_runs, "runs");
}

/* ---- latencies --------------------------------------------------------------------------------------------- */

/* "12.3", "~12.3" when WEAK, "≥ 11.9" when there is only a lower bound, "> 600 s" beyond what was seen; the last with its
 * interval. */
static const char *tail_cell(struct page *p, const struct load_latency *x, const struct load_tail *t, bool interval)
{
    struct arena *a = &p->arena;
    if (t->state == TAIL_UNRESOLVED && isinf(t->lo))
        return number_latency(a, t->lo, x->max);
    if (t->state == TAIL_UNRESOLVED)
        return isfinite(t->lo) ? arena_printf(a, "\u2265 %s", number_text(a, t->lo)) : NO_NUMBER;
    const char *value = arena_printf(a, "%s%s", t->state == TAIL_WEAK && !isinf(t->q) ? "~" : "",
                                     number_latency(a, t->q, x->max));
    if (!interval || isinf(t->lo))
        return value;
    return arena_printf(a, "%s [%s, %s]", value, number_text(a, t->lo),
                        isinf(t->hi) ? "\u221e" : number_text(a, t->hi));
}

static void latency_rows(struct page *p, struct table *t, const struct load_run *l, bool blocks)
{
    static const int order[LOAD_LATENCIES] = {1, 0, 2, 4, 3}; /* from the plan first, from the send beside it */
    for (size_t i = 0; i < LOAD_LATENCIES; i++) {
        const struct load_latency *x = &l->latency[order[i]];
        if (!x->n)
            continue;
        if (blocks)
            table_cellf(t, "%d", l->run->block + 1);
        table_cell(t, x->metric->id);
        table_cellf(t, "%zu", x->n);
        for (size_t k = 0; k < LOAD_TAILS; k++)
            table_cell(t, tail_cell(p, x, &x->tail[k], k == P99));
        table_cell(t, arena_printf(&p->arena, "%s%s", x->cut_off ? "\u2265 " : "", number_text(&p->arena, x->max)));
        table_cell(t, is_void(l->run) ? "VOID" : tail_state_word(x->tail[P99].state));
        if (is_void(l->run))
            table_faint(t);
    }
}

static void latencies_table(struct page *p, const struct view_arm *arm)
{
    struct table t;
    bool blocks = arm->n_runs > 1;
    table_init(&t, &p->arena);
    if (blocks)
        table_column(&t, "block", TABLE_RIGHT);
    table_column(&t, "ms", TABLE_LEFT);
    table_column(&t, "n", TABLE_RIGHT);
    table_column(&t, "p50", TABLE_RIGHT);
    table_column(&t, "p90", TABLE_RIGHT);
    table_column(&t, "p99 [95 %]", TABLE_RIGHT);
    table_column(&t, "max", TABLE_RIGHT);
    table_column(&t, "p99 is", TABLE_LEFT);
    for (size_t i = 0; i < arm->n_runs && page_row_fits(p, i * LOAD_LATENCIES); i++)
        latency_rows(p, &t, &arm->load->runs[i], blocks);
    if (table_rows(&t))
        p->ops->table(p, &t);
    page_rest(p, arm->n_runs * LOAD_LATENCIES, "rows");
}

/* ---- what else a run shows --------------------------------------------------------------------------------- */

/* The metric whose p99 asks for the longest run; NULL when all are OK. */
static const struct load_latency *neediest(const struct load_run *l)
{
    const struct load_latency *most = NULL;
    for (size_t i = 0; i < LOAD_LATENCIES; i++)
        if (l->latency[i].n && isfinite(l->latency[i].tail[P99].need_n) &&
            (!most || l->latency[i].tail[P99].need_n > most->tail[P99].need_n))
            most = &l->latency[i];
    return most;
}

static const char *resolution(struct page *p, const struct load_run *l)
{
    const struct load_latency *x = neediest(l);
    size_t values = 0;
    for (size_t i = 0; i < LOAD_LATENCIES; i++)
        values += l->latency[i].n;
    if (!values)
        return "no latency is known";
    if (!x)
        return "every p99 is OK: 10 effective exceedances or more";
    const struct load_tail *t = &x->tail[P99];
    const char *time = isfinite(t->need_s) ? arena_printf(&p->arena, ", %s,", number_duration(&p->arena, t->need_s))
                                           : "";
    const char *now = t->m >= LOAD_M_OK ? ", and the requests in flight have fewer"
                      : isfinite(t->m)
                          ? arena_printf(&p->arena, ", and %s has %s", x->metric->id, number_text(&p->arena, t->m))
                          : "";
    return arena_printf(&p->arena,
                        "for every p99 to be OK, such a run needs about %.0f requests%s instead of %lld: that takes 10 "
                        "effective exceedances%s",
                        t->need_n, time, (long long)l->counts.planned, now);
}

static bool rate_changes(const struct load_law *law)
{
    for (size_t i = 0; i < law->n_stages; i++)
        if (law->stages[i].from_rps != law->stages[0].from_rps || law->stages[i].to_rps != law->stages[0].from_rps)
            return true;
    return false;
}

static const char *settling(struct page *p, const struct load_warmup *w, const struct load_law *law)
{
    if (rate_changes(law))
        return "the rate changes, so nothing is looked for that settles";
    if (!w->by)
        return arena_printf(&p->arena, "too few requests to see a warm-up");
    if (!w->settled)
        return arena_printf(&p->arena, "the run never settled (%s, MSER-5 at %zu of %zu)", w->by, w->drop, w->n);
    if (!w->drop)
        return "no warm-up by MSER-5";
    return arena_printf(&p->arena, "the first %zu of %zu would be warm-up (%s, MSER-5) and are counted", w->drop, w->n,
                        w->by);
}

static void warmup(struct page *p, const struct run *r)
{
    if (r->n_warmup)
        page_itemf(p, "%zu requests of warm-up were sent before the window and count nowhere.", r->n_warmup);
}

static const char *p_text(struct page *p, double value)
{
    return value < 1e-4 ? "< 0.0001" : number_text(&p->arena, value);
}

/* Below 0.01 the sends are not those of the law: with a run that is no accident in a hundred. */
static void arrivals(struct page *p, const struct load_arrivals *x)
{
    struct arena *a = &p->arena;
    const char *cv2 = arena_printf(a, "CV\u00b2 of the gaps %s (law %s)", number_text(a, x->cv2),
                                   number_text(a, x->cv2_law));
    if (!x->tested)
        page_itemf(p, "%s.", cv2);
    else
        page_itemf(p, "sends %s the declared law (p %s: gaps %s, counts %s, neighbours %s), %s.",
                   x->p < 0.01 ? "do NOT follow" : "follow", p_text(p, x->p), p_text(p, x->ks_p),
                   p_text(p, x->dispersion_p), p_text(p, x->acf1_p), cv2);
}

static void streams(struct page *p, const struct load_streams *s)
{
    struct arena *a = &p->arena;
    const char *broken = s->broken ? arena_printf(a, "; %zu more broke off behind their first token", s->broken) : "";
    if (!s->n) {
        page_itemf(p, "no completed answer came in two parts or more%s.", broken);
        return;
    }
    const char *stalled = s->stalled ? arena_printf(a, "%zu of %zu stalled, for %s %% of all streaming time",
                                                    s->stalled, s->n, number_text(a, 100 * s->stall_share))
                                     : arena_printf(a, "none of %zu stalled", s->n);
    page_itemf(p, "longest gap in a stream %s ms (request %lld); %s%s.", number_text(a, s->gap_max_ms),
               (long long)s->gap_max_seq, stalled, broken);
    if (s->waited)
        page_itemf(p, "a reader at %.0f tok/s would have waited in %zu of %zu streams, %s at most.",
                   METRIC_READER_TOK_S, s->waited, s->readers, number_duration(a, s->wait_max_ms / 1e3));
    else if (s->readers)
        page_itemf(p, "a reader at %.0f tok/s would have waited in none of %zu streams.", METRIC_READER_TOK_S,
                   s->readers);
}

static void sends(struct page *p, const struct load_run *l)
{
    const struct health *h = &l->run->health;
    struct arena *a = &p->arena;
    if (isnan(h->send_lag_p50_us))
        return;
    page_itemf(p, "sent %s after the plan at the median, %s at p99; late is more than %s ms.",
               number_duration(a, h->send_lag_p50_us / 1e6), number_duration(a, h->send_lag_p99_us / 1e6),
               number_text(a, l->late_limit_ms));
}

/* Little's law has to hold within 2 % (doc/method.md). */
static void balance(struct page *p, const struct load_balance *b)
{
    struct arena *a = &p->arena;
    double off = 100 * (b->in_flight / b->law - 1);
    if (!isfinite(off))
        return;
    page_itemf(p, "between the first and the last send %s were in flight, by Little's law %s (%+.1f %%)%s.",
               number_text(a, b->in_flight), number_text(a, b->law), off,
               fabs(off) > 2
                   ? ": more than 2 % apart, so the run is short for its latencies or did not hold its balance"
                   : "");
}

static void verdict(struct page *p, const struct run *r)
{
    if (r->verdict != VERDICT_VALID && r->verdict != VERDICT_NONE)
        page_itemf(p, "%s%s: %s.", verdict_word((enum verdict)r->verdict),
                   is_void(r) ? ", counts nowhere" : ", but counted",
                   r->verdict_why && *r->verdict_why ? r->verdict_why : "no rule is told");
}

static void cut_off(struct page *p, const struct load_run *l)
{
    size_t n = l->latency[E2E].cut_off;
    if (n)
        page_itemf(p,
                   "%zu of %zu sent were ended by a timeout or by us: the percentiles take them as longer than that "
                   "(Kaplan and Meier); tpot is of completed requests only.",
                   n, l->latency[E2E].n);
}

static void precision(struct page *p, const struct precision_rule *rule, const struct precision *x)
{
    struct arena *a = &p->arena;
    const char *what = arena_printf(a, "the %s of %s", rule->mean ? "mean" : "median", rule->metric->id);
    const char *asked = number_text(a, 100 * rule->relative);
    const char *width = isinf(x->relative) ? "\u221e" : number_text(a, 100 * x->relative);
    if (isnan(x->relative))
        page_itemf(p, "precision: too few requests to tell %s to \u00b1 %s %%.", what, asked);
    else if (x->reached)
        page_itemf(p, "precision: %s was known to \u00b1 %s %% with %zu requests (asked: %s %%).", what, width, x->n,
                   asked);
    else
        page_itemf(p, "precision: %s is known to \u00b1 %s %% only (asked: %s %%)%s.", what, width, asked,
                   isnan(x->values_needed) ? ""
                                           : arena_printf(a, ", which needs about %.0f requests", x->values_needed));
}

static void conversations(struct page *p, const struct load_run *l)
{
    if (l->conversations)
        page_itemf(p, "%zu conversations%s, %zu cut short by an answer that failed.", l->conversations,
                   l->run->n_warmup ? " with those of the warm-up" : "", l->cut_short);
}

static void estimated(struct page *p, const struct load_run *l, int64_t n)
{
    if (n > 0)
        page_itemf(p, "%lld of %zu questions had an estimated length.", (long long)n,
                   l->run->n_requests + l->run->n_warmup);
}

static void notes(struct page *p, const struct view_arm *arm)
{
    for (size_t i = 0; i < arm->n_runs && page_row_fits(p, i); i++) {
        const struct load_run *l = &arm->load->runs[i];
        if (arm->n_runs > 1)
            page_textf(p, "block %d:", l->run->block + 1);
        verdict(p, l->run);
        warmup(p, l->run);
        if (!is_void(l->run)) { /* else only what may have been the cause */
            page_itemf(p, "%s.", resolution(p, l));
            cut_off(p, l);
            page_itemf(p, "%s.", settling(p, &l->warmup, &arm->load->law));
            balance(p, &l->balance);
            streams(p, &l->streams);
        }
        sends(p, l);
        if (arm->load->arrivals)
            arrivals(p, &arm->load->arrivals[i]);
        conversations(p, l);
        estimated(p, l, arm->load->estimated[i]);
        if (arm->load->precisions) /* it tells why a run ended, too */
            precision(p, &arm->load->precision, &arm->load->precisions[i]);
    }
}

/* ---- goodput ----------------------------------------------------------------------------------------------- */

static const char *missed(struct page *p, const struct goodput *g, const struct goodput_run *x)
{
    const char *text = "";
    if (x->not_completed)
        text = arena_printf(&p->arena, "not completed %lld", (long long)x->not_completed);
    for (size_t i = 0; i < g->n; i++)
        if (x->missed[i])
            text = arena_printf(&p->arena, "%s%s%s %lld", text, *text ? ", " : "", g->limit[i].word,
                                (long long)x->missed[i]);
    for (size_t i = 0; i < g->n; i++)
        if (x->untold[i])
            text = arena_printf(&p->arena, "%s%s%s not told %lld", text, *text ? ", " : "", g->limit[i].word,
                                (long long)x->untold[i]);
    return *text ? text : NO_NUMBER;
}

static void goodput_table(struct page *p, const struct report_view *v, const struct view_arm *arm)
{
    static const char *const heads[] = {
        "block", "verdict", "good", "planned", "share % [95 %]", "good/s", "why the others are not"};
    struct table t;
    const char *limits = "";
    for (size_t i = 0; i < v->goodput.n; i++)
        limits = arena_printf(&p->arena, "%s%s%s %s ms", limits, *limits ? ", " : "", v->goodput.limit[i].word,
                              number_text(&p->arena, v->goodput.limit[i].limit_ms));
    page_textf(p, "Goodput: completed within %s; of all planned requests, failed ones included.", limits);
    table_init(&t, &p->arena);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        table_column(&t, heads[i], i == 1 || i == 6 ? TABLE_LEFT : TABLE_RIGHT);
    for (size_t i = 0; i < arm->n_runs && page_row_fits(p, i); i++) {
        const struct goodput_run *x = &arm->load->goodput[i];
        run_cells(&t, arm->runs[i]);
        table_cellf(&t, "%lld", (long long)x->good);
        table_cellf(&t, "%lld", (long long)x->planned);
        table_cell(&t, number_share(&p->arena, &x->share));
        table_cell(&t, number_text(&p->arena, x->rate));
        table_cell(&t, missed(p, &v->goodput, x));
    }
    p->ops->table(p, &t);
}

void section_loads(struct page *p, const struct report_view *v)
{
    size_t arms = 0;
    for (size_t i = 0; i < v->n_arms; i++) {
        const struct view_arm *arm = &v->arms[i];
        if (!arm->load || !page_row_fits(p, arms++))
            continue;
        if (arms == 1)
            p->ops->heading(p, "Load");
        page_textf(p, "%s: %s", arm->name, arm->load->asked);
        counts_table(p, arm);
        rates_table(p, arm);
        latencies_table(p, arm);
        notes(p, arm);
        if (arm->load->goodput)
            goodput_table(p, v, arm);
    }
    if (!arms)
        return;
    page_rest(p, arms, "arms");
    page_textf(
        p,
        "errors: failed or never sent, of all planned; late: sent later after the plan than the larger of 1 ms and 1 %% of "
        "the median e2e. Shares have Wilson's interval, for requests that do not depend on each other. window: from the "
        "release, or the end of the warm-up, to the end of the last request; planned/s and sent/s from the first to the "
        "last, ok/s, tok/s and in flight (the mean: sum of done - sent / window) over the window.");
    page_textf(
        p,
        "Percentiles are of one run's requests, nearest rank (p50: the median), with the sectioned interval (ten "
        "sections in the order of sending). OK has 10 effective exceedances, ~ is WEAK, %s a lower bound where p99 "
        "cannot be told (UNRESOLVED); none is OK while ttft or the requests in flight are not. Latencies named planned "
        "are from when a request should have been sent, the others from when it was.",
        "\u2265");
    page_textf(
        p,
        "A stall is a gap over %.0f ms; the reader begins with the first text and reads on without pause. Numbers "
        "of a VOID run are shown and count nowhere.",
        METRIC_STALL_MS);
}

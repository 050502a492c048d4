/* page_load.c: the arms of plain load: a row per run, its latencies with what they can be believed, its goodput. */
#include <math.h>

#include "record/verdict.h"
#include "report/number.h"
#include "report/page.h"

enum { P99 = 2 };

static bool is_void(const struct run *r)
{
    return !view_counted(r);
}

static void rates_table(struct page *p, const struct view_arm *arm)
{
    static const char *const heads[] = {"block",  "verdict", "window s", "planned",   "ok",
                                        "sent/s", "ok/s",    "tok/s",    "in flight", "most"};
    struct table t;
    table_init(&t, &p->arena);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        table_column(&t, heads[i], i == 1 ? TABLE_LEFT : TABLE_RIGHT);
    for (size_t i = 0; i < arm->n_runs && page_row_fits(p, i); i++) {
        const struct load_run *l = &arm->load->runs[i];
        table_cellf(&t, "%d", l->run->block + 1);
        table_cell(&t, verdict_word((enum verdict)l->run->verdict));
        table_cell(&t, number_text(&p->arena, l->window_s));
        table_cellf(&t, "%lld", (long long)l->counts.planned);
        table_cellf(&t, "%lld", (long long)l->counts.completed);
        table_cell(&t, number_text(&p->arena, l->sent_rate));
        table_cell(&t, number_text(&p->arena, l->completed_rate));
        table_cell(&t, number_text(&p->arena, l->output_rate));
        table_cell(&t, number_text(&p->arena, l->in_flight_mean));
        table_cellf(&t, "%zu", l->in_flight_max);
        if (is_void(l->run))
            table_faint(&t);
    }
    p->ops->table(p, &t);
    page_rest(p, arm->n_runs, "runs");
}

/* ---- latencies --------------------------------------------------------------------------------------------- */

/* "12.3", "~12.3" when WEAK, "≥ 11.9" when there is only a lower bound; the last with its interval. */
static const char *tail_cell(struct page *p, const struct load_tail *t, bool interval)
{
    struct arena *a = &p->arena;
    if (t->state == TAIL_UNRESOLVED)
        return isfinite(t->lo) ? arena_printf(a, "\u2265 %s", number_text(a, t->lo)) : NO_NUMBER;
    const char *value = arena_printf(a, "%s%s", t->state == TAIL_WEAK ? "~" : "", number_text(a, t->q));
    if (!interval)
        return value;
    return arena_printf(a, "%s [%s, %s]", value, number_text(a, t->lo),
                        isinf(t->hi) ? "\u221e" : number_text(a, t->hi));
}

static void latency_rows(struct page *p, struct table *t, const struct load_run *l, bool blocks)
{
    for (size_t i = 0; i < LOAD_LATENCIES; i++) {
        const struct load_latency *x = &l->latency[i];
        if (!x->n)
            continue;
        if (blocks)
            table_cellf(t, "%d", l->run->block + 1);
        table_cell(t, x->metric->id);
        table_cellf(t, "%zu", x->n);
        for (size_t k = 0; k < LOAD_TAILS; k++)
            table_cell(t, tail_cell(p, &x->tail[k], k == P99));
        table_cell(t, number_text(&p->arena, x->max));
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

static const char *duration_text(struct page *p, double s)
{
    double shown = s < 120 ? s : s < 7200 ? s / 60 : s / 3600;
    return arena_printf(&p->arena, "%s %s", number_text(&p->arena, shown), s < 120 ? "s" : s < 7200 ? "min" : "h");
}

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
    if (!x)
        return "every p99 is resolved";
    const struct load_tail *t = &x->tail[P99];
    const char *now = isfinite(t->m)
                          ? arena_printf(&p->arena, " (%s has %s)", x->metric->id, number_text(&p->arena, t->m))
                          : "";
    const char *time = isfinite(t->need_s) ? arena_printf(&p->arena, ", %s,", duration_text(p, t->need_s)) : "";
    return arena_printf(&p->arena, "10 effective exceedances of every p99%s need about %.0f requests%s of such a run",
                        now, t->need_n, time);
}

static const char *warmup(struct page *p, const struct load_run *l)
{
    const struct load_warmup *w = &l->warmup;
    if (!w->by)
        return arena_printf(&p->arena, "too few requests to see a warm-up");
    if (!w->settled)
        return arena_printf(&p->arena, "it never settled (%s, MSER-5 at %zu of %zu)", w->by, w->drop, w->n);
    if (!w->drop)
        return "no warm-up by MSER-5";
    return arena_printf(&p->arena, "the first %zu of %zu would be warm-up (%s, MSER-5) and are counted", w->drop, w->n,
                        w->by);
}

static const char *p_text(struct page *p, double value)
{
    return value < 1e-4 ? "< 0.0001" : number_text(&p->arena, value);
}

/* Below 0.01 the sends are not those of the law: with a run that is no accident in a hundred. */
static const char *arrivals(struct page *p, const struct load_arrivals *x)
{
    struct arena *a = &p->arena;
    const char *cv2 = arena_printf(a, "CV\u00b2 of the gaps %s (law %s)", number_text(a, x->cv2),
                                   number_text(a, x->cv2_law));
    if (!x->tested)
        return arena_printf(a, "; %s", cv2);
    return arena_printf(a, "; sends %s the law (p %s: gaps %s, counts %s, neighbours %s), %s",
                        x->p < 0.01 ? "do NOT follow" : "follow", p_text(p, x->p), p_text(p, x->ks_p),
                        p_text(p, x->dispersion_p), p_text(p, x->acf1_p), cv2);
}

static void notes(struct page *p, const struct view_arm *arm)
{
    for (size_t i = 0; i < arm->n_runs && page_row_fits(p, i); i++) {
        const struct load_run *l = &arm->load->runs[i];
        const char *gap = "no gaps", *late = "";
        if (l->streamed)
            gap = arena_printf(&p->arena, "longest gap %s ms (request %lld), %zu of %zu streams stalled",
                               number_text(&p->arena, l->gap_max_ms), (long long)l->gap_max_seq, l->stalled,
                               l->streamed);
        if (arm->load->open)
            late = arena_printf(&p->arena, "; %zu left more than %s ms late, %lld never", l->late,
                                number_text(&p->arena, l->late_limit_ms), (long long)l->counts.unsent);
        if (arm->load->arrivals)
            late = arena_printf(&p->arena, "%s%s", late, arrivals(p, &arm->load->arrivals[i]));
        page_itemf(p, "%sblock %d: %s; %s; %s%s.", is_void(l->run) ? "VOID, " : "", l->run->block + 1, resolution(p, l),
                   warmup(p, l), gap, late);
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
        "block", "verdict", "good", "planned", "share", "good/s", "why the others are not"};
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
        table_cellf(&t, "%d", arm->runs[i]->block + 1);
        table_cell(&t, verdict_word((enum verdict)arm->runs[i]->verdict));
        table_cellf(&t, "%lld", (long long)x->good);
        table_cellf(&t, "%lld", (long long)x->planned);
        table_cell(&t, number_text(&p->arena, x->share));
        table_cell(&t, number_text(&p->arena, x->rate));
        table_cell(&t, missed(p, &v->goodput, x));
        if (is_void(arm->runs[i]))
            table_faint(&t);
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
        "window: from the release to the end of the last request; sent/s from the first to the last send, ok/s, tok/s and "
        "in flight (the mean, sum of done - sent / window) over the window. Percentiles are of one run's completed "
        "requests, nearest rank (p50: the median), with the sectioned interval (ten sections in the order of sending): OK has 10 effective "
        "exceedances, ~ is WEAK, %s a lower bound where p99 cannot be told (UNRESOLVED); none is OK while ttft or the "
        "requests in flight are not. A stall is a gap over %.0f ms. Numbers of a VOID run are shown and count nowhere.",
        "\u2265", LOAD_STALL_MS);
}

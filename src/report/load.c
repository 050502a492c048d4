/* load.c: the arms of plain load: what was asked for, from the stored plan, and what each run gave. */
#include <math.h>
#include <string.h>

#include "format/json.h"
#include "report/number.h"
#include "stats/quantile.h"

/* ---- what was asked for ------------------------------------------------------------------------------------ */

static yyjson_val *named(yyjson_val *list, const char *name)
{
    size_t i, max;
    yyjson_val *one;
    yyjson_arr_foreach (list, i, max, one)
        if (name && yyjson_equals_str(yyjson_obj_get(one, "name"), name))
            return one;
    return NULL;
}

#define MOST_RPS 1e6 /* no load was ever planned with more: such a plan is not ours */

static const struct rate_stage *read_stages(struct report_view *v, yyjson_val *stages, size_t n)
{
    struct rate_stage *out = arena_alloc(&v->arena, n * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        int64_t ns = yyjson_get_sint(yyjson_arr_get(stages, 3 * i + 2));
        out[i] = (struct rate_stage){yyjson_get_num(yyjson_arr_get(stages, 3 * i)),
                                     yyjson_get_num(yyjson_arr_get(stages, 3 * i + 1)), ns > 0 ? ns : RATE_OPEN};
    }
    return out;
}

/* Stages are stored flat: from, to, ns, from, to, ns, … */
static void open_loop(struct report_view *v, struct view_load *l, yyjson_val *load)
{
    yyjson_val *stages = yyjson_obj_get(load, "stages"), *x;
    const char *law = yyjson_get_str(yyjson_obj_get(load, "arrival"));
    double low = INFINITY, high = 0;
    size_t i, max, n = yyjson_arr_size(stages) / 3;
    yyjson_arr_foreach (stages, i, max, x) {
        low = i % 3 < 2 ? fmin(low, yyjson_get_num(x)) : low;
        high = i % 3 < 2 ? fmax(high, yyjson_get_num(x)) : high;
    }
    if (!n || !law)
        return;
    double burstiness = yyjson_get_num(yyjson_obj_get(load, "burstiness"));
    double shape = !strcmp(law, "gamma") ? burstiness : !strcmp(law, "constant") ? INFINITY : 1;
    if (!strcmp(law, "gamma"))
        law = arena_printf(&v->arena, "gamma (burstiness %s)", number_text(&v->arena, burstiness));
    else
        law = arena_dupz(&v->arena, law);
    bool turns = yyjson_obj_get(load, "turns");
    l->open = true;
    l->rate = low < high || turns ? NAN : high; /* conversations arrive: requests are more */
    if (low >= 0 && high > 0 && high <= MOST_RPS && shape > 0)
        l->law = (struct load_law){read_stages(v, stages, n), n, shape};
    const char *what = turns ? "arrivals of conversations" : "arrivals";
    l->asked = low < high
                   ? arena_printf(&v->arena, "%s %s, %s to %s/s in %zu stage%s", law, what, number_text(&v->arena, low),
                                  number_text(&v->arena, high), n, n == 1 ? "" : "s")
                   : arena_printf(&v->arena, "%s %s at %s/s", law, what, number_text(&v->arena, high));
}

static void read_asked(struct report_view *v, const struct view_arm *arm, struct view_load *l)
{
    yyjson_doc *doc = json_read_z(v->info.study.plan_json);
    yyjson_val *root = yyjson_doc_get_root(doc);
    const char *name = yyjson_get_str(yyjson_obj_get(named(yyjson_obj_get(root, "arms"), arm->name), "load"));
    yyjson_val *load = named(yyjson_obj_get(root, "loads"), name);
    int64_t width = yyjson_get_sint(yyjson_obj_get(load, "max_concurrency"));
    bool trace = yyjson_get_len(yyjson_obj_get(load, "trace")) > 0;
    const char *precision = yyjson_get_str(yyjson_obj_get(load, "precision"));
    l->asked = "load";
    l->rate = NAN;
    if (precision && precision_parse(precision, &l->precision, NULL)) /* of a chimera that knew more metrics */
        l->precision.metric = NULL;
    if (width > 0)
        l->asked = arena_printf(&v->arena, "closed loop of %lld%s", (long long)width,
                                yyjson_obj_get(load, "turns") ? " conversations" : "");
    else
        open_loop(v, l, load);
    if (trace && (width > 0 || l->open))
        l->asked = arena_printf(&v->arena, "%s, rows of a trace", l->asked);
    else if (trace)
        l->asked = "times and lengths of a trace";
    l->open = l->open || (trace && width <= 0);
    yyjson_doc_free(doc);
}

/* ---- what came of it --------------------------------------------------------------------------------------- */

static void check_arrivals(struct report_view *v, struct view_arm *arm)
{
    arm->load->arrivals = arena_alloc(&v->arena, arm->n_runs * sizeof *arm->load->arrivals);
    for (size_t k = 0; k < arm->n_runs; k++)
        load_arrivals_of_run(arm->runs[k], &arm->load->law, &arm->load->arrivals[k]);
}

static void check_precision(struct report_view *v, struct view_arm *arm)
{
    arm->load->precisions = arena_alloc(&v->arena, arm->n_runs * sizeof *arm->load->precisions);
    for (size_t k = 0; k < arm->n_runs; k++)
        arm->load->precisions[k] = precision_of_run(&arm->load->precision, arm->runs[k]);
}

static int64_t read_estimated(const char *json)
{
    yyjson_doc *doc = json_read_z(json);
    yyjson_val *n = yyjson_obj_get(yyjson_doc_get_root(doc), "estimated");
    int64_t estimated = yyjson_is_int(n) ? yyjson_get_sint(n) : -1;
    yyjson_doc_free(doc);
    return estimated;
}

/* Of an imported run nothing may be known but sums: a load without a request that was sent has nothing to show. */
static bool shows_load(const struct run *r)
{
    bool sent = r->verdict != VERDICT_NONE;
    for (size_t i = 0; !sent && i < r->n_requests; i++)
        sent = r->requests[i].stamp[STAMP_SENT] != MONO_NONE;
    return load_is(r) && sent;
}

void view_loads(struct report_view *v)
{
    for (size_t i = 0; i < v->n_arms; i++) {
        struct view_arm *arm = &v->arms[i];
        size_t loads = 0;
        while (loads < arm->n_runs && shows_load(arm->runs[loads]))
            loads++;
        if (!arm->n_runs || loads < arm->n_runs)
            continue;
        arm->load = arena_alloc(&v->arena, sizeof *arm->load);
        arm->load->runs = arena_alloc(&v->arena, arm->n_runs * sizeof *arm->load->runs);
        read_asked(v, arm, arm->load);
        arm->load->estimated = arena_alloc(&v->arena, arm->n_runs * sizeof *arm->load->estimated);
        for (size_t k = 0; k < arm->n_runs; k++) {
            load_of_run(arm->runs[k], &arm->load->runs[k]);
            if (arm->runs[k]->verdict == VERDICT_NONE && !arm->load->runs[k].in_flight_max)
                arm->load->runs[k].in_flight_mean = NAN; /* when they were done was not imported */
            arm->load->estimated[k] = read_estimated(v->load_json[arm->runs[k] - v->runs]);
        }
        if (arm->load->law.n_stages)
            check_arrivals(v, arm);
        if (arm->load->precision.metric)
            check_precision(v, arm);
    }
}

bool report_view_add_goodput(struct report_view *v, const struct goodput *g)
{
    bool any = false;
    v->goodput = *g;
    for (size_t i = 0; i < v->n_arms; i++) {
        struct view_arm *arm = &v->arms[i];
        if (!arm->load)
            continue;
        any = true;
        arm->load->goodput = arena_alloc(&v->arena, arm->n_runs * sizeof *arm->load->goodput);
        for (size_t k = 0; k < arm->n_runs; k++)
            goodput_of_run(arm->runs[k], g, &arm->load->goodput[k]);
    }
    return any;
}

/* ---- the headline ------------------------------------------------------------------------------------------ */

/* From the plan, as every default view. */
enum { TTFT_PLANNED = 1, E2E = 3, P50 = 0, P99 = 2 };

static double sent_rate(const struct load_run *r)
{
    return r->sent_rate;
}

static double completed_rate(const struct load_run *r)
{
    return r->completed_rate;
}

static double output_rate(const struct load_run *r)
{
    return r->output_rate;
}

static double ttft_median(const struct load_run *r)
{
    return r->latency[TTFT_PLANNED].tail[P50].q;
}

static double ttft_p99(const struct load_run *r)
{
    return r->latency[TTFT_PLANNED].tail[P99].q;
}

static double ttft_p99_low(const struct load_run *r)
{
    return r->latency[TTFT_PLANNED].tail[P99].lo;
}

static double over_runs(struct report_view *v, const struct view_arm *arm, double (*of)(const struct load_run *))
{
    double *x = arena_alloc(&v->arena, arm->n_runs * sizeof *x);
    size_t n = 0;
    for (size_t i = 0; i < arm->n_runs; i++)
        if (run_is_counted(arm->runs[i]) && !isnan(of(&arm->load->runs[i])))
            x[n++] = of(&arm->load->runs[i]);
    double middle = median(x, n);
    return n && isnan(middle) ? INFINITY : middle; /* between two that are beyond what was seen */
}

static double ttft_seen(const struct load_run *r)
{
    return r->latency[TTFT_PLANNED].max;
}

/* "12.3 ms", or "> 600 s" where more than half of the runs' are beyond what was seen. */
static const char *latency(struct report_view *v, const struct view_arm *arm, double (*of)(const struct load_run *))
{
    double ms = over_runs(v, arm, of);
    return arena_printf(&v->arena, "%s%s", number_latency(&v->arena, ms, over_runs(v, arm, ttft_seen)),
                        isinf(ms) ? "" : " ms");
}

static enum tail_state worst_state(const struct view_arm *arm)
{
    enum tail_state worst = TAIL_OK;
    for (size_t i = 0; i < arm->n_runs; i++) {
        enum tail_state s = arm->load->runs[i].latency[TTFT_PLANNED].tail[P99].state;
        worst = run_is_counted(arm->runs[i]) && s > worst ? s : worst;
    }
    return worst;
}

/* Below WEAK a p99 is not a number, only a bound. */
static const char *first_token(struct report_view *v, const struct view_arm *arm)
{
    struct arena *a = &v->arena;
    enum tail_state state = worst_state(arm);
    if (isnan(over_runs(v, arm, ttft_median)))
        return arm->runs[0]->verdict == VERDICT_NONE ? "first token not told" : "no first token";
    const char *text = arena_printf(a, "first token %s after the plan at the median", latency(v, arm, ttft_median));
    if (state != TAIL_UNRESOLVED)
        return arena_printf(a, "%s and %s at p99 (%s)", text, latency(v, arm, ttft_p99), tail_state_word(state));
    if (isnan(over_runs(v, arm, ttft_p99_low)))
        return arena_printf(a, "%s, p99 UNRESOLVED", text);
    return arena_printf(a, "%s and at least %s at p99 (UNRESOLVED)", text, latency(v, arm, ttft_p99_low));
}

size_t view_cut_off(const struct report_view *v)
{
    size_t n = 0;
    for (size_t i = 0; i < v->n_arms; i++)
        for (size_t k = 0; v->arms[i].load && k < v->arms[i].n_runs; k++)
            n += v->arms[i].load->runs[k].latency[E2E].cut_off;
    return n;
}

const char *view_load_headline(struct report_view *v, const struct view_arm *arm)
{
    struct arena *a = &v->arena;
    const struct view_load *l = arm->load;
    const char *sent = "", *basis = ": one run says nothing about the next";
    if (l->open && isfinite(l->rate))
        sent = arena_printf(a, "%s of %s requests/s sent, ", number_text(a, over_runs(v, arm, sent_rate)),
                            number_text(a, l->rate));
    else if (l->open)
        sent = arena_printf(a, "%s requests/s sent, ", number_text(a, over_runs(v, arm, sent_rate)));
    if (arm->n_counted > 1)
        basis = arm->n_counted < VIEW_DESCRIPTIVE_BELOW ? ", descriptive" : "";
    return arena_printf(a, "%s, %s: %s%s%s completed, %s, output %s tok/s; median over %zu run%s%s.", arm->name,
                        l->asked, sent, number_text(a, over_runs(v, arm, completed_rate)), *sent ? "/s" : " requests/s",
                        first_token(v, arm), number_text(a, over_runs(v, arm, output_rate)), arm->n_counted,
                        arm->n_counted == 1 ? "" : "s", basis);
}

/* compare.c: see compare.h. */
#include "report/compare.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "format/json.h"
#include "record/peer.h"
#include "record/verdict.h"
#include "report/compare_view.h"
#include "report/noise.h"
#include "report/view.h"
#include "stats/quantile.h"

/* ---- the sides ------------------------------------------------------------------------------------------------------- */

/* None of the metrics that are compared by default needs chunks, which are most of a file. */
static int read_side(struct compare_view *v, struct side_view *s, bool chunks, struct err *e)
{
    struct store *store = s->side->store;
    int rc = store_info(store, &v->arena, &s->info, e);
    if (!rc)
        rc = store_runs(store, chunks ? STORE_CHUNKS : 0, &v->arena, &s->runs, &s->n_runs, e);
    s->owner = true;
    if (!rc)
        rc = store_servers(store, &v->arena, &s->servers, &s->n_servers, e);
    s->prompts_json = store_get_note(store, &v->arena, "prompts");
    s->import_json = store_get_note(store, &v->arena, "import");
    return rc;
}

/* The arms of the plan, each once, for a message and a suggestion. */
static size_t list_arms(struct compare_view *v, const struct side_view *s, const char ***names, struct str *text)
{
    size_t n = 0;
    *names = arena_alloc(&v->arena, (s->info.study.n_rows + 1) * sizeof **names);
    for (size_t i = 0; i < s->info.study.n_rows; i++) {
        size_t k = 0;
        while (k < n && strcmp((*names)[k], s->info.study.rows[i].arm) != 0)
            k++;
        if (k < n)
            continue;
        (*names)[n++] = s->info.study.rows[i].arm;
        str_addf(text, "%s%s", text->len ? ", " : "", s->info.study.rows[i].arm);
    }
    return n;
}

static int choose_arm(struct compare_view *v, struct side_view *s, struct err *e)
{
    struct str text = STR_INIT;
    const char **names;
    size_t n = list_arms(v, s, &names, &text);
    const char *wanted = s->side->arm;
    int rc = 0;
    for (size_t i = 0; i < n; i++)
        if (wanted ? !strcmp(names[i], wanted) : n == 1)
            s->arm = names[i];
    if (!s->arm && wanted) {
        const char *near = word_suggest(wanted, names, n);
        rc = err_set(e, ERR_USAGE, "%s has no arm '%s'; %s%s%s", s->file, wanted,
                     near ? "did you mean '" : "it has: ", near ? near : str_z(&text), near ? "'?" : "");
    } else if (!s->arm) {
        rc = err_set(e, ERR_USAGE, "%s has %zu arms (%s): say which one, %s:ARM", s->file, n, str_z(&text), s->file);
    }
    str_release(&text);
    return rc;
}

double compare_run_s(struct arena *a, const struct run *const *counted, size_t n)
{
    double *seconds = arena_alloc(a, (n + 1) * sizeof *seconds);
    size_t told = 0;
    for (size_t i = 0; i < n; i++)
        if (counted[i]->started_ns != MONO_NONE && counted[i]->ended_ns != MONO_NONE)
            seconds[told++] = (double)(counted[i]->ended_ns - counted[i]->started_ns) / 1e9;
    return median(seconds, told);
}

static void count_runs(struct compare_view *v, struct side_view *s)
{
    s->counted = arena_alloc(&v->arena, (s->n_runs + 1) * sizeof(const struct run *));
    for (size_t i = 0; i < s->n_runs; i++) {
        const struct run *r = &s->runs[i];
        if (strcmp(r->arm, s->arm) != 0)
            continue;
        s->n_void += r->state == RUN_COMPLETE && r->verdict == VERDICT_VOID;
        s->n_incomplete += r->state != RUN_COMPLETE;
        if (run_is_counted(r))
            s->counted[s->n_counted++] = r;
    }
    s->run_s = compare_run_s(&v->arena, s->counted, s->n_counted);
}

static void label_sides(struct compare_view *v)
{
    const char *a = path_base(v->side[0].file), *b = path_base(v->side[1].file);
    for (int i = 0; i < 2; i++)
        v->side[i].label = v->one_file         ? v->side[i].arm
                           : strcmp(a, b) != 0 ? path_base(v->side[i].file)
                                               : v->side[i].file;
}

/* NULL: measured here. */
static int imported_from(struct compare_view *v, struct store *store, const char **out, struct err *e)
{
    struct store_info info;
    int rc = store_info(store, &v->arena, &info, e);
    yyjson_doc *doc = rc ? NULL : json_read_z(info.study.plan_json);
    *out = arena_dupz(&v->arena, yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "import")));
    yyjson_doc_free(doc);
    return rc;
}

static int find_tool(struct compare_view *v, const struct compare_spec *spec, struct err *e)
{
    const char *of[2];
    int rc = imported_from(v, spec->side[0].store, &of[0], e);
    rc = rc ? rc : imported_from(v, spec->side[1].store, &of[1], e);
    if (!rc && !(of[0] && of[1] && strcmp(of[0], of[1]) != 0))
        v->imported = of[0] ? of[0] : of[1];
    return rc;
}

static int read_sides(struct compare_view *v, const struct compare_spec *spec, struct err *e)
{
    int rc = find_tool(v, spec, e);
    v->one_file = spec->side[0].store == spec->side[1].store;
    for (int i = 0; i < 2 && !rc; i++) {
        struct side_view *s = &v->side[i];
        if (i && v->one_file) {
            *s = v->side[0];
            s->owner = false;
            s->arm = NULL;
            s->counted = NULL;
            s->n_counted = s->n_void = s->n_incomplete = 0;
        }
        s->side = &spec->side[i];
        s->file = arena_dupz(&v->arena, spec->side[i].file);
        if (!i || !v->one_file)
            rc = read_side(v, s, spec->n_metrics > 0 || v->imported, e);
        if (!rc)
            rc = choose_arm(v, s, e);
        if (!rc)
            count_runs(v, s);
    }
    if (!rc && v->one_file && !strcmp(v->side[0].arm, v->side[1].arm))
        rc = err_set(e, ERR_USAGE, "both sides are the arm '%s' of %s", v->side[0].arm, v->side[0].file);
    if (!rc)
        label_sides(v);
    return rc;
}

/* ---- the questions --------------------------------------------------------------------------------------------------- */

static bool has_agents(const struct compare_view *v)
{
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < v->side[i].n_counted; k++)
            if (run_is_agent(v->side[i].counted[k]))
                return true;
    return false;
}

/* A number of each kind by the tool's own definitions, which is what its files are comparable by. */
static const struct metric **family_of_tool(struct compare_view *v, size_t *n)
{
    static const enum peer_quantity wanted[] = {PEER_TTFT, PEER_ITL, PEER_E2E, PEER_OUTPUT_RATE};
    const struct metric **out = arena_alloc(&v->arena, 4 * sizeof *out);
    struct metric *rows = arena_alloc(&v->arena, 4 * sizeof *rows);
    const struct peer *p;
    *n = 0;
    for (size_t k = 0; k < 4; k++)
        for (size_t i = 0; (p = peer_at(i)); i++)
            if (p->quantity == wanted[k] && !strcmp(p->tool->id, v->imported)) {
                rows[*n] = peer_metric(p);
                out[*n] = &rows[*n];
                ++*n;
                break;
            }
    return out;
}

static void choose_family(struct compare_view *v, const struct compare_spec *spec)
{
    static const char *const of_models[] = {"prompt_rate", "decode_rate.server"};
    const char *const *ids = compare_default_metrics(has_agents(v), &v->n);
    const struct metric *const *metrics = spec->n_metrics ? spec->metrics : NULL;
    if (v->imported && !strcmp(v->imported, "llama-bench")) {
        ids = of_models;
        v->n = 2;
    }
    if (spec->n_metrics)
        v->n = spec->n_metrics;
    else if (v->imported && peer_tool_find(v->imported))
        metrics = family_of_tool(v, &v->n);
    v->questions = arena_alloc(&v->arena, v->n * sizeof *v->questions);
    v->results = arena_alloc(&v->arena, v->n * sizeof *v->results);
    for (size_t i = 0; i < v->n; i++)
        v->questions[i].metric = metrics ? metrics[i] : metric_find(ids[i]);
}

/* What the file said of a run by its tool's definition; NaN: nothing. */
static double told(const struct side_view *s, int64_t run, const struct metric *m)
{
    yyjson_doc *doc = json_read_z(s->import_json);
    yyjson_val *x;
    size_t i, max;
    double value = NAN;
    yyjson_arr_foreach (yyjson_obj_get(yyjson_doc_get_root(doc), "told"), i, max, x) {
        if (json_get_int(x, "run", -1) == run && span_eq_z(json_get_text(x, "id"), m->id))
            value = json_get_double(x, m->level == METRIC_RUN ? "mean" : "p50", NAN);
    }
    yyjson_doc_free(doc);
    return value;
}

/* Of a run without requests, as only a summary of it was imported, the number of that summary. */
static double value_of(const struct side_view *s, const struct run *r, const struct metric *m)
{
    return m->peer && !r->n_requests ? told(s, r->id, m) : run_median_of(r, m);
}

static struct compare_arm arm_of(struct compare_view *v, const struct side_view *s, const struct metric *m)
{
    struct compare_run *runs = arena_alloc(&v->arena, (s->n_counted + 1) * sizeof *runs);
    for (size_t i = 0; i < s->n_counted; i++)
        runs[i] = (struct compare_run){v->one_file ? s->counted[i]->block : -1, value_of(s, s->counted[i], m)};
    return (struct compare_arm){runs, s->n_counted};
}

static double margin_of(const struct compare_spec *spec, const struct metric *m, double base)
{
    double out = 0;
    for (size_t i = 0; i < spec->n_margins; i++) {
        const struct compare_margin *g = &spec->margins[i];
        if (g->metric && g->metric != m)
            continue;
        out = g->kind == MARGIN_PERCENT ? g->value / 100 * fabs(base)
              : g->kind == MARGIN_UNIT  ? g->value
                                        : fmax(0, g->value - base);
    }
    return isfinite(out) ? out : 0;
}

/* The larger of what is known of the servers of both sides. */
static double floor_of(const struct compare_view *v, const struct compare_spec *spec, const struct metric *m,
                       double base)
{
    double share = 0;
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < v->side[i].n_servers; k++) {
            const struct named_json *server = &v->side[i].servers[k];
            struct noise noise;
            if (compare_uses(&v->side[i], server->name) && noise_find(spec->noise_json, server->json, m, &noise))
                share = fmax(share, noise.share);
        }
    return isfinite(base) ? share * fabs(base) : 0;
}

/* Margins and floors are shares of the baseline, which a first comparison gives. */
static void ask(struct compare_view *v, const struct compare_spec *spec)
{
    choose_family(v, spec);
    for (size_t i = 0; i < v->n; i++) {
        v->questions[i].a = arm_of(v, &v->side[0], v->questions[i].metric);
        v->questions[i].b = arm_of(v, &v->side[1], v->questions[i].metric);
    }
    compare_arms(v->questions, v->n, v->results);
    for (size_t i = 0; i < v->n; i++) {
        struct compare_question *q = &v->questions[i];
        q->margin = margin_of(spec, q->metric, v->results[i].base);
        q->floor = floor_of(v, spec, q->metric, v->results[i].base);
    }
    compare_arms(v->questions, v->n, v->results);
}

/* ---- all ------------------------------------------------------------------------------------------------------------- */

void compare_remark(struct compare_view *v, const char *fmt, ...)
{
    struct str s = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_addv(&s, fmt, ap);
    va_end(ap);
    v->remarks = arena_grow(&v->arena, v->remarks, v->n_remarks * sizeof *v->remarks,
                            (v->n_remarks + 1) * sizeof *v->remarks);
    v->remarks[v->n_remarks++] = arena_dupz(&v->arena, str_z(&s));
    str_release(&s);
}

void compare_view_metrics(const struct compare_view *v, enum compare_verdict verdict, struct str *out)
{
    bool first = true;
    for (size_t i = 0; i < v->n; i++) {
        if (v->results[i].verdict != verdict)
            continue;
        str_addf(out, "%s%s", first ? "" : ", ", v->results[i].metric->id);
        first = false;
    }
}

int compare_view_build(const struct compare_spec *spec, struct compare_view **out, struct err *e)
{
    struct compare_view *v = xcalloc(1, sizeof *v);
    int rc = read_sides(v, spec, e);
    if (!rc)
        rc = compare_facts(v, spec, e);
    *out = NULL;
    if (rc) {
        compare_view_free(v);
        return rc;
    }
    ask(v, spec);
    compare_remarks(v, spec);
    *out = v;
    return 0;
}

void compare_view_free(struct compare_view *v)
{
    if (!v)
        return;
    for (int i = 0; i < 2; i++)
        if (v->side[i].owner)
            store_runs_release(v->side[i].runs, v->side[i].n_runs);
    arena_release(&v->arena);
    free(v);
}

/* claims.c: see claims.h. */
#include "analysis/claims.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/claims_work.h"
#include "stats/interval.h"
#include "stats/moments.h"
#include "stats/quantile.h"

const char *claim_key(const char *key)
{
    static const struct {
        const char *key, *name;
    } keys[] = {
        {"result", NULL},
        {"config", NULL},
        {"spec", NULL},
        {"m", NULL},
        {"metrics", NULL},
        {"aggregate_metrics", "aggregate"},
        {"llm_calls", "calls"},
        {"baseline_results", "baseline"},
        {"chimera_results", "chimera"},
        {"b", "backend"},
        {"sc", "scenario"},
        {"st", "status"},
        {"lat", "latencies_ms"},
        {"tok", "tokens"},
        {"tokens_processed", "tokens"},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!strcmp(key, keys[i].key))
            return keys[i].name;
    return key;
}

/* ---- rows ----------------------------------------------------------------------------------------------------------- */

const char *claim_place(const struct claim_row *r)
{
    return r->origin ? r->origin : r->file;
}

static bool is_of(const struct claim_row *r, const char *format, const char *from, const char *group)
{
    const char *place = claim_place(r);
    return r->format && !strcmp(r->format, format) && (!from || strstr(place, from)) &&
           (!group || strstr(place, group));
}

static bool met(const struct claim_rows *rows, const struct claim_row *r)
{
    for (size_t i = 0; r->runs && i < rows->n; i++)
        if (rows->at[i]->runs == r->runs)
            return true;
    return false;
}

static bool is_of_table(const struct claim_row *r)
{
    size_t n = strlen(r->file);
    return n > 4 && !strcmp(r->file + n - 4, ".csv");
}

/* Of tables, only the one that has the most. */
static void keep_one_file(struct claim_rows *rows)
{
    const char *best = NULL;
    size_t most = 0, n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        size_t same = 0;
        for (size_t k = i; is_of_table(rows->at[i]) && k < rows->n; k++, same++)
            if (strcmp(rows->at[k]->file, rows->at[i]->file) != 0)
                break;
        if (same > most) {
            most = same;
            best = rows->at[i]->file;
        }
        i += same ? same - 1 : 0;
    }
    for (size_t i = 0; i < rows->n; i++)
        if (!is_of_table(rows->at[i]) || !strcmp(rows->at[i]->file, best))
            rows->at[n++] = rows->at[i];
    rows->n = n;
}

struct claim_rows claim_select(const struct claim_work *w, const char *format, const char *from, const char *group)
{
    struct claim_rows out = {arena_alloc(w->a, (w->n_rows + 1) * sizeof *out.at), 0};
    for (size_t i = 0; i < w->n_rows; i++)
        if (is_of(&w->rows[i], format, from, group) && !met(&out, &w->rows[i]))
            out.at[out.n++] = &w->rows[i];
    keep_one_file(&out);
    return out;
}

struct claim_rows claim_own(struct claim_work *w)
{
    struct claim_rows rows = claim_select(w, w->claim->format, w->claim->from, w->claim->group);
    w->found = rows.n;
    return rows;
}

static const struct claim_field *field_of(const struct claim_row *r, const char *name)
{
    for (size_t i = 0; i < r->n_fields; i++)
        if (!strcmp(r->fields[i].name, name))
            return &r->fields[i];
    return NULL;
}

enum { NAME_MAX_BYTES = 160 };

static const struct claim_field *field_named(const struct claim_row *r, const char *fmt, va_list ap)
{
    char name[NAME_MAX_BYTES];
    vsnprintf(name, sizeof name, fmt, ap);
    return field_of(r, name);
}

double claim_number(const struct claim_row *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const struct claim_field *f = field_named(r, fmt, ap);
    va_end(ap);
    return f ? f->number : NAN;
}

static void trace(struct claim_work *w, const struct claim_row *r, const struct claim_field *f)
{
    struct claim_figure *g = w->figure;
    for (size_t i = g->n_uses; i && g->uses[i - 1].row == r; i--)
        if (g->uses[i - 1].field == f)
            return;
    if ((g->n_uses & (g->n_uses - 1)) == 0) { /* room for a power of two */
        size_t cap = g->n_uses ? 2 * g->n_uses : 1;
        g->uses = arena_grow(w->a, g->uses, g->n_uses * sizeof *g->uses, cap * sizeof *g->uses);
    }
    g->uses[g->n_uses++] = (struct claim_use){r, f};
}

double claim_take(struct claim_work *w, const struct claim_row *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const struct claim_field *f = field_named(r, fmt, ap);
    va_end(ap);
    if (!f || isnan(f->number))
        return NAN;
    trace(w, r, f);
    return f->number;
}

const char *claim_text(const struct claim_row *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const struct claim_field *f = field_named(r, fmt, ap);
    va_end(ap);
    return f && f->text ? f->text : "";
}

const char *claim_take_text(struct claim_work *w, const struct claim_row *r, const char *name)
{
    const struct claim_field *f = field_of(r, name);
    if (!f || !f->text)
        return "";
    trace(w, r, f);
    return f->text;
}

struct claim_rows claim_with_text(struct claim_work *w, struct claim_rows rows, const char *name, const char *value)
{
    struct claim_rows out = {arena_alloc(w->a, (rows.n + 1) * sizeof *out.at), 0};
    for (size_t i = 0; i < rows.n; i++)
        if (!strcmp(claim_text(rows.at[i], "%s", name), value))
            out.at[out.n++] = rows.at[i];
    return out;
}

struct claim_values claim_values_new(struct claim_work *w, size_t cap)
{
    return (struct claim_values){.x = arena_alloc(w->a, (cap + 1) * sizeof(double)),
                                 .of = arena_alloc(w->a, (cap + 1) * sizeof(struct claim_row *))};
}

void claim_values_add(struct claim_values *v, const struct claim_row *of, double x)
{
    if (isnan(x))
        return;
    v->of[v->n] = of;
    v->x[v->n++] = x;
}

struct claim_values claim_values(struct claim_work *w, struct claim_rows rows, const char *name)
{
    struct claim_values v = claim_values_new(w, rows.n);
    for (size_t i = 0; i < rows.n; i++)
        claim_values_add(&v, rows.at[i], claim_take(w, rows.at[i], "%s", name));
    return v;
}

/* ---- figures and verdicts ------------------------------------------------------------------------------------------- */

struct claim_figure *claim_instead(struct claim_work *w, const char *metric, const char *unit, const char *of)
{
    if (w->result->n_instead == CLAIM_INSTEAD_MAX)
        BUG("more figures than a claim has room for");
    w->figure = &w->result->instead[w->result->n_instead++];
    *w->figure = (struct claim_figure){.metric = metric, .unit = unit, .of = of, .value = NAN, .lo = NAN, .hi = NAN};
    return w->figure;
}

void claim_also(struct claim_work *w, const char *metric, double value)
{
    const struct claim_figure last = *w->figure;
    struct claim_figure *f = claim_instead(w, metric, last.unit, last.of);
    f->value = value;
    f->n = last.n;
    f->uses = last.uses;
    f->n_uses = last.n_uses;
}

void claim_mean_of(struct claim_figure *f, const double *x, size_t n)
{
    struct interval i = interval_mean(x, n, 0.95);
    f->value = i.estimate;
    f->lo = i.lo;
    f->hi = i.hi;
    f->n = n;
}

void claim_value_of(struct claim_figure *f, double value, size_t n)
{
    f->value = value;
    f->n = n;
}

void claim_say(struct claim_work *w, bool holds, const char *fmt, ...)
{
    struct str s = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_addv(&s, fmt, ap);
    va_end(ap);
    w->result->state = holds ? CLAIM_SURVIVES : CLAIM_FALLS;
    w->result->why = arena_dupz(w->a, str_z(&s));
    str_release(&s);
}

/* ---- runs that went wrong ------------------------------------------------------------------------------------------- */

static const struct request *failed_call(const struct claim_row *r)
{
    for (size_t i = 0; r->runs && i < r->runs->n_requests; i++) {
        const struct request *q = &r->runs->requests[i];
        if (q->outcome != OUTCOME_OK || (q->flags & REQUEST_DEGENERATE))
            return q;
    }
    return NULL;
}

bool claim_failed(const struct claim_row *r)
{
    return failed_call(r) != NULL;
}

struct claim_rows claim_without_failed(struct claim_work *w, struct claim_rows rows)
{
    struct claim_rows out = {arena_alloc(w->a, (rows.n + 1) * sizeof *out.at), 0};
    for (size_t i = 0; i < rows.n; i++)
        if (!claim_failed(rows.at[i]))
            out.at[out.n++] = rows.at[i];
    return out;
}

/* The last folder of a path. */
static const char *last_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

const char *claim_failures(struct claim_work *w, struct claim_rows rows)
{
    struct str s = STR_INIT;
    for (size_t i = 0; i < rows.n; i++) {
        const struct request *q = failed_call(rows.at[i]);
        if (!q)
            continue;
        str_addf(&s, "%s%s run %d (%s: %s)", s.len ? ", " : "", last_folder(rows.at[i]->runs->arm),
                 rows.at[i]->runs->block + 1, q->stage ? q->stage : "call",
                 q->outcome == OUTCOME_OK ? "repeats itself" : outcome_word(q->outcome));
    }
    const char *text = arena_dupz(w->a, s.len ? str_z(&s) : "none");
    str_release(&s);
    return text;
}

const char *claim_configuration(struct claim_work *w, const struct claim_row *r)
{
    const char *place = claim_place(r), *run = strstr(place, "/run_");
    if (r->runs)
        return r->runs->arm; /* the same wherever the record was met */
    return run ? arena_dup(w->a, place, (size_t)(run - place)) : place;
}

size_t claim_configurations(struct claim_work *w, const struct claim_values *v, size_t *group)
{
    const char **names = arena_alloc(w->a, (v->n + 1) * sizeof *names);
    size_t k = 0;
    for (size_t i = 0; i < v->n; i++) {
        const char *name = claim_configuration(w, v->of[i]);
        size_t j = 0;
        while (j < k && strcmp(names[j], name) != 0)
            j++;
        names[j] = name;
        k += j == k;
        group[i] = j;
    }
    return k;
}

/* ---- statistics ----------------------------------------------------------------------------------------------------- */

double claim_mean(const double *x, size_t n)
{
    return moments_mean(x, n);
}

double claim_sd(const double *x, size_t n)
{
    return moments_sd(x, n);
}

/* Definition 7 of Hyndman and Fan: the lab's own. */
static double quantile_of(const double *x, size_t n, double p)
{
    double *sorted = n ? xmalloc(n * sizeof *sorted) : NULL;
    if (!sorted)
        return NAN;
    memcpy(sorted, x, n * sizeof *x);
    quantile_sort(sorted, n);
    double q = quantile_hf7(sorted, n, p);
    free(sorted);
    return q;
}

double claim_median(const double *x, size_t n)
{
    return quantile_of(x, n, 0.5);
}

double claim_min(const double *x, size_t n)
{
    return quantile_of(x, n, 0);
}

double claim_max(const double *x, size_t n)
{
    return quantile_of(x, n, 1);
}

double claim_p05(const double *x, size_t n)
{
    return quantile_of(x, n, 0.05);
}

double claim_p99(const double *x, size_t n)
{
    return quantile_of(x, n, 0.99);
}

double claim_percent_positive(const double *x, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        k += x[i] > 0;
    return n ? 100.0 * (double)k / (double)n : NAN;
}

double claim_of_field(struct claim_work *w)
{
    struct claim_values v = claim_values(w, claim_own(w), w->claim->field);
    w->figure->n = v.n;
    return v.n ? w->claim->statistic(v.x, v.n) : NAN;
}

double claim_best_configuration(struct claim_work *w)
{
    struct claim_values v = claim_values(w, claim_own(w), w->claim->field);
    size_t *group = arena_alloc(w->a, (v.n + 1) * sizeof *group), k = claim_configurations(w, &v, group);
    double best = NAN;
    w->figure->n = v.n;
    for (size_t j = 0; j < k; j++) {
        struct claim_values mine = claim_values_new(w, v.n);
        for (size_t i = 0; i < v.n; i++)
            if (group[i] == j)
                claim_values_add(&mine, v.of[i], v.x[i]);
        best = fmax(best, moments_mean(mine.x, mine.n)); /* of NaN and a number, the number */
    }
    return best;
}

/* ---- the table ------------------------------------------------------------------------------------------------------ */

static const struct claim *const parts[] = {claims_tuning, claims_python_pairs, claims_rust,
                                            claims_pairs,  claims_clients,      claims_inference};

enum { N_PARTS = sizeof parts / sizeof *parts };

static size_t size_of(const struct claim *part)
{
    size_t n = 0;
    while (part[n].id)
        n++;
    return n;
}

static bool same_digits(const struct claim *c, double value)
{
    char claimed[64], got[64];
    if (c->to > 0)
        return value >= c->claimed && value <= c->to;
    snprintf(claimed, sizeof claimed, "%.*f", c->digits, c->claimed);
    snprintf(got, sizeof got, "%.*f", c->digits, value);
    return !strcmp(claimed, got);
}

static void compute(const struct claim *c, struct claim_work *w)
{
    struct claim_result *r = w->result;
    r->claim = w->claim = c;
    w->figure = &r->recomputed;
    *w->figure = (struct claim_figure){.metric = c->field, .unit = c->unit, .lo = NAN, .hi = NAN, .of = "rows"};
    r->recomputed.value = c->recompute(w);
    r->reproduced = same_digits(c, r->recomputed.value);
    if (isnan(r->recomputed.value)) {
        r->state = CLAIM_NO_ROWS;
        r->why = "Its rows are not in this file.";
    } else if (w->found < c->rows) {
        r->state = CLAIM_PARTIAL;
        r->why = arena_printf(w->a, "Only %zu of the %zu rows that the number is of are here.", w->found, c->rows);
    } else {
        c->judge(w);
        if (!r->reproduced)
            r->state = CLAIM_FALLS;
    }
}

size_t claims_compute(const struct claim_row *rows, size_t n, struct arena *a, struct claim_result **out)
{
    size_t total = 0, k = 0;
    for (size_t i = 0; i < N_PARTS; i++)
        total += size_of(parts[i]);
    *out = arena_alloc(a, total * sizeof **out);
    for (size_t i = 0; i < N_PARTS; i++)
        for (const struct claim *c = parts[i]; c->id; c++) {
            struct claim_work w = {.rows = rows, .n_rows = n, .a = a, .result = &(*out)[k++]};
            compute(c, &w);
        }
    return total;
}

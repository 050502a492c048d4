/* audit_order.c: rules on when and how often things ran: what order and time can pass for an effect. See audit.h. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/audit_rules.h"
#include "record/verdict.h"
#include "stats/moments.h"
#include "stats/quantile.h"
#include "stats/rank.h"

/* ---- what was varied -------------------------------------------------------------------------------------------------- */

static const char *const factors[] = {"num_gpu", "num_ctx", "temperature"};
enum { FACTORS = sizeof factors / sizeof *factors };

/* "chimera_homo; num_gpu=80 num_ctx=512; …": the scenario and each side's options, equal for records of equal design. NULL:
 * the record names none. */
static const char *design_of(struct arena *a, const struct audit_row *row)
{
    struct str s = STR_INIT;
    bool any = false;
    str_addz(&s, audit_text(row->json, "scenario"));
    for (size_t i = 0; audit_sides[i]; i++) {
        yyjson_val *side = audit_member(row->json, audit_sides[i]);
        yyjson_val *options = audit_member(side, "options|configuration|config.options");
        any = any || options;
        size_t given = 0;
        if (!side)
            continue;
        str_addz(&s, s.len ? "; " : "");
        for (size_t k = 0; k < FACTORS; k++) {
            double v = audit_number(options, factors[k]);
            if (isfinite(v))
                str_addf(&s, "%s%s=%.4g", given++ ? " " : "", factors[k], v);
        }
        if (!given)
            str_addz(&s, "defaults");
    }
    const char *out = any ? arena_dupz(a, str_z(&s)) : NULL;
    str_release(&s);
    return out;
}

/* What a table's row or a record's folder is a run of; NULL: not told. */
static const char *cell_of(struct arena *a, const struct audit_row *row)
{
    struct str s = STR_INIT;
    for (size_t k = 0; k < FACTORS; k++) {
        double v = audit_number(row->json, factors[k]);
        if (isfinite(v))
            str_addf(&s, "%s%s=%.4g", s.len ? " " : "", factors[k], v);
    }
    struct span folder = audit_folder(row);
    const char *out = s.len ? arena_dupz(a, str_z(&s)) : row->origin ? arena_dup(a, folder.at, folder.len) : NULL;
    str_release(&s);
    return out;
}

/* One run of a configuration, in the order of time. */
struct timed {
    const struct audit_row *row;
    const char *cell, *design;
    double time, rate; /* of both agents together, tok/s */
    double percent;
    size_t place;
};

static int by_time(const void *a, const void *b)
{
    const struct timed *x = a, *y = b;
    int d = (x->time > y->time) - (x->time < y->time);
    return d ? d : (x->place > y->place) - (x->place < y->place);
}

/* The pairs of a study that say when they were; fewer than all: none. */
static size_t timed_pairs(struct auditing *x, const struct audit_study *s, struct timed **out)
{
    struct arena *a = &x->out->arena;
    struct audit_pair *p;
    size_t n = audit_pairs_of(x, s, &p);
    *out = arena_alloc(a, (n + 1) * sizeof **out);
    for (size_t i = 0; i < n; i++) {
        (*out)[i] = (struct timed){.row = p[i].row,
                                   .cell = cell_of(a, p[i].row),
                                   .design = design_of(a, p[i].row),
                                   .time = audit_time(p[i].row->json),
                                   .rate = (p[i].tok[0] + p[i].tok[1]) / p[i].wall_s,
                                   .percent = p[i].percent,
                                   .place = i};
        if (!isfinite((*out)[i].time) || !isfinite((*out)[i].rate) || !(*out)[i].cell)
            return 0;
    }
    qsort(*out, n, sizeof **out, by_time);
    return n;
}

/* ---- A8: time --------------------------------------------------------------------------------------------------------- */

#define STEP_DELTA 0.9   /* nearly every run before lies on the same side of nearly every run behind */
#define STEP_RATIO 1.2   /* and the means are so far apart */
enum { STEP_SIDE = 10 }; /* with at least so many runs on both sides */

/* Where to cut so that the two parts differ most, by the sum of squares between them; 0: too few. */
static size_t best_cut(const double *y, size_t n)
{
    double total = 0, left = 0, most = -1;
    size_t best = 0;
    for (size_t i = 0; i < n; i++)
        total += y[i];
    for (size_t i = 1; i < n; i++) {
        left += y[i - 1];
        double a = left / (double)i, b = (total - left) / (double)(n - i);
        double between = (double)i * (double)(n - i) * (a - b) * (a - b);
        if (i >= STEP_SIDE && n - i >= STEP_SIDE && between > most) {
            most = between;
            best = i;
        }
    }
    return best;
}

/* A design that ran on both sides: its published efficiency before and behind. "" when there is none. */
static const char *same_design(struct arena *a, const struct timed *t, size_t cut, size_t n)
{
    for (size_t i = 0; i < cut; i++) {
        double before = 0, behind = 0;
        size_t n_before = 0, n_behind = 0;
        for (size_t k = 0; t[i].design && k < n; k++) {
            if (!t[k].design || strcmp(t[k].design, t[i].design) != 0)
                continue;
            *(k < cut ? &before : &behind) += t[k].percent;
            *(k < cut ? &n_before : &n_behind) += 1;
        }
        if (n_behind)
            return arena_printf(a, " The same design (%s) has an efficiency of %.2f %% before and %.2f %% behind it.",
                                t[i].design, before / (double)n_before, behind / (double)n_behind);
    }
    return "";
}

/* Configurations that ran on one side alone, of all. */
static size_t one_sided(const struct timed *t, size_t cut, size_t n, size_t *all)
{
    size_t one = 0;
    *all = 0;
    for (size_t i = 0; i < n; i++) {
        bool first = true, other = false;
        for (size_t k = 0; k < n; k++) {
            bool same = !strcmp(t[k].cell, t[i].cell);
            first = first && !(same && k < i);
            other = other || (same && (k < cut) != (i < cut));
        }
        *all += first;
        one += first && !other;
    }
    return one;
}

static void find_step(struct auditing *x, const struct audit_study *s, const struct timed *t, size_t n)
{
    struct arena *a = &x->out->arena;
    struct audit_points points = AUDIT_POINTS(x);
    double *y = arena_alloc(a, (n + 1) * sizeof *y);
    for (size_t i = 0; i < n; i++)
        y[i] = t[i].rate;
    size_t cut = best_cut(y, n), all;
    double before = moments_mean(y, cut), behind = moments_mean(y + cut, n - cut);
    if (!cut || fmax(before, behind) < STEP_RATIO * fmin(before, behind) ||
        fabs(rank_cliff_delta(y, cut, y + cut, n - cut)) < STEP_DELTA)
        return;
    size_t one = one_sided(t, cut, n, &all);
    for (size_t i = cut - 1; i <= cut; i++)
        audit_add_row(&points, t[i].row, "the %s: %s, %.1f tok/s", i < cut ? "last before" : "first behind",
                      audit_clock(a, t[i].time), t[i].rate);
    audit_find(
        x, s, &points,
        "Between %s and %s the rate of both agents together goes from %.1f tok/s (%zu runs) to %.1f (%zu runs), "
        "and %zu of %zu configurations ran on one side of that alone: what differs between them may be the time.%s",
        audit_clock(a, t[cut - 1].time), audit_clock(a, t[cut].time), before, cut, behind, n - cut, one, all,
        same_design(a, t, cut, n));
}

void audit_time_step(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        struct timed *t;
        size_t n = timed_pairs(x, &x->studies[k], &t);
        if (n >= 2 * STEP_SIDE)
            find_step(x, &x->studies[k], t, n);
    }
}

/* ---- A9: order -------------------------------------------------------------------------------------------------------- */

#define RELOAD_TIMES 10.0 /* a load so many times the median one is a model that was loaded */
enum { RELOADS_MIN = 3 };

struct reload {
    double median_s, load_s, ttft_s, rest_ttft_s; /* means over rows that loaded; the rest's */
    size_t n, rest;
};

static bool is_reload(const struct audit_row *row, double median_s)
{
    return audit_number(row->json, "load_s") > RELOAD_TIMES * median_s;
}

static bool reloads_of(const struct audit_study *s, struct arena *a, struct reload *r)
{
    double *load = arena_alloc(a, (s->n_rows + 1) * sizeof *load);
    size_t n = 0;
    *r = (struct reload){0};
    for (size_t i = 0; i < s->n_rows; i++) {
        double v = audit_number(s->rows[i]->json, "load_s");
        if (v > 0)
            load[n++] = v;
    }
    r->median_s = median(load, n);
    for (size_t i = 0; i < s->n_rows; i++) {
        double ttft = audit_number(s->rows[i]->json, "ttft_s");
        bool loaded = is_reload(s->rows[i], r->median_s);
        if (isnan(ttft)) /* of a call that failed */
            continue;
        r->n += loaded;
        r->rest += !loaded;
        r->load_s += loaded ? audit_number(s->rows[i]->json, "load_s") : 0;
        *(loaded ? &r->ttft_s : &r->rest_ttft_s) += ttft;
    }
    r->load_s /= (double)r->n;
    r->ttft_s /= (double)r->n;
    r->rest_ttft_s /= (double)r->rest;
    return r->n >= RELOADS_MIN && r->rest > 0;
}

/* The level of a factor that all rows which loaded share, though it has others; NaN: none. */
static double shared_level(const struct audit_study *s, const char *factor, double median_s)
{
    double level = NAN, any = NAN;
    bool varied = false;
    for (size_t i = 0; i < s->n_rows; i++) {
        double v = audit_number(s->rows[i]->json, factor);
        varied = varied || (isfinite(any) && v != any);
        any = v;
        if (!is_reload(s->rows[i], median_s))
            continue;
        if (isfinite(level) && v != level)
            return NAN;
        level = v;
    }
    return varied ? level : NAN;
}

void audit_order(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct reload r;
        if (!reloads_of(s, &x->out->arena, &r))
            continue;
        for (size_t f = 0; f < FACTORS; f++) {
            struct audit_points points = AUDIT_POINTS(x);
            double level = shared_level(s, factors[f], r.median_s);
            for (size_t i = 0; isfinite(level) && i < s->n_rows; i++)
                if (is_reload(s->rows[i], r.median_s))
                    audit_add_row(&points, s->rows[i], "load %.3f s, ttft %.3f s",
                                  audit_number(s->rows[i]->json, "load_s"), audit_number(s->rows[i]->json, "ttft_s"));
            if (points.n)
                audit_find(
                    x, s, &points,
                    "All %zu rows that loaded the model (%.2f s on average, against a median of %.3f s) have %s = "
                    "%.4g, because that level always came first: their mean TTFT of %.3f s against %.3f s is the "
                    "order, not %s.",
                    r.n, r.load_s, r.median_s, factors[f], level, r.ttft_s, r.rest_ttft_s, factors[f]);
        }
    }
}

/* ---- A10: winners of one run each ------------------------------------------------------------------------------------- */

enum { CELLS_MIN = 3 };

struct cell {
    const char *name;
    const struct audit_row *row;
    double value;
};

static int by_cell(const void *a, const void *b)
{
    return strcmp(((const struct cell *)a)->name, ((const struct cell *)b)->name);
}

static int by_value(const void *a, const void *b)
{
    double x = ((const struct cell *)a)->value, y = ((const struct cell *)b)->value;
    return (x < y) - (x > y);
}

/* How often the row's record was repeated within itself. */
static double repeats(const struct audit_row *row)
{
    return fmax(audit_number(row->json, "chimera.runs"), (double)yyjson_arr_size(audit_member(row->json, "calls")));
}

static size_t single_cells(struct auditing *x, const struct audit_study *s, struct cell *c)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_rows; i++) {
        const struct audit_row *row = s->rows[i];
        double value = audit_number(row->json, "summary.efficiency_percent|delta.chimera_throughput|"
                                               "performance_delta.chimera_throughput|tokens_s");
        const char *name = isfinite(value) ? cell_of(&x->out->arena, row) : NULL;
        if (!name || repeats(row) > 1)
            return 0;
        c[n++] = (struct cell){name, row, value};
    }
    qsort(c, n, sizeof *c, by_cell);
    for (size_t i = 1; i < n; i++)
        if (!strcmp(c[i].name, c[i - 1].name))
            return 0;
    qsort(c, n, sizeof *c, by_value);
    return n;
}

void audit_winner(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct audit_points points = AUDIT_POINTS(x);
        struct cell *c = arena_alloc(&x->out->arena, (s->n_rows + 1) * sizeof *c);
        double *v = arena_alloc(&x->out->arena, (s->n_rows + 1) * sizeof *v);
        size_t n = single_cells(x, s, c);
        for (size_t i = 0; i < n; i++) {
            v[i] = c[i].value;
            audit_add_row(&points, c[i].row, c[i].row->origin ? "%.3f" : "%.3f: %s", c[i].value, c[i].name);
        }
        if (n >= CELLS_MIN)
            audit_find(x, s, &points,
                       "%zu configurations with one run each, from %.2f to %.2f (sd %.2f): the best leads the next by "
                       "%.2f, and nothing says that it would win again.",
                       n, c[n - 1].value, c[0].value, moments_sd(v, n), c[0].value - c[1].value);
    }
}

/* ---- A12: cold and warm ----------------------------------------------------------------------------------------------- */

struct warmth {
    double sum_ms[2]; /* of averages with a cold call, and without */
    struct audit_points points[2];
};

/* One published average: an agent's calls in one record. */
static void take_average(struct warmth *w, const struct audit_study *s, size_t run, const char *agent)
{
    double sum = 0;
    size_t n = 0, cold = 0;
    for (size_t i = run; i < s->n_runs && s->run_row[i] == s->run_row[run]; i++)
        for (size_t k = 0; k < s->runs[i]->n_requests; k++) {
            const struct request *q = &s->runs[i]->requests[k];
            if (!q->agent || strcmp(q->agent, agent) != 0 || q->stamp[STAMP_FIRST_TOKEN] == MONO_NONE ||
                q->stamp[STAMP_SENT] == MONO_NONE)
                continue;
            sum += (double)(q->stamp[STAMP_FIRST_TOKEN] - q->stamp[STAMP_SENT]) / 1e6;
            cold += (q->flags & REQUEST_COLD) != 0;
            n++;
        }
    if (!n)
        return;
    w->sum_ms[cold == 0] += sum / (double)n;
    audit_add_row(&w->points[cold == 0], s->run_row[run], "%s: %zu of %zu calls loaded the model, mean TTFT %.1f ms",
                  agent, cold, n, sum / (double)n);
}

static bool agent_before(const struct audit_study *s, size_t run, size_t session)
{
    const char *agent = s->runs[run]->sessions[session].agent;
    for (size_t i = run; i > 0 && s->run_row[i - 1] == s->run_row[run]; i--)
        for (size_t k = 0; k < s->runs[i - 1]->n_sessions; k++)
            if (s->runs[i - 1]->sessions[k].agent && !strcmp(s->runs[i - 1]->sessions[k].agent, agent))
                return true;
    return false;
}

void audit_warmth(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct warmth w = {.points = {AUDIT_POINTS(x), AUDIT_POINTS(x)}};
        size_t first = 0;
        for (size_t i = 0; s->n_rows && i < s->n_runs; i++) {
            first = i && s->run_row[i] == s->run_row[i - 1] ? first : i;
            for (size_t j = 0; j < s->runs[i]->n_sessions; j++)
                if (s->runs[i]->sessions[j].agent && !agent_before(s, i, j))
                    take_average(&w, s, first, s->runs[i]->sessions[j].agent);
        }
        size_t cold = w.points[0].n, warm = w.points[1].n;
        if (cold && warm)
            audit_find(
                x, s, &w.points[cold > warm],
                "%zu averages of the time to first token hold a call that loaded the model (mean %.0f ms), %zu do "
                "not (%.0f ms): they are of two different things.",
                cold, w.sum_ms[0] / (double)cold, warm, w.sum_ms[1] / (double)warm);
    }
}

/* ---- A28: what is missing --------------------------------------------------------------------------------------------- */

#define SAME_STUDY 0.8 /* two studies that share so many of the larger one's designs asked the same */
enum { NUMBER_DIGITS = 3, GAP_MAX = 3 };

/* "test103": 103, and where it begins; -1 when the name does not end in a number of some digits. */
static long number_at_end(struct span name, size_t *at)
{
    *at = name.len;
    while (*at && isdigit((unsigned char)name.at[*at - 1]))
        --*at;
    return name.len - *at == NUMBER_DIGITS ? strtol(name.at + *at, NULL, 10) : -1;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Folders of the study's configurations, each once, in the order of names. */
static size_t folders_of(struct auditing *x, const struct audit_study *s, const char ***out)
{
    const char **f = arena_alloc(&x->out->arena, (s->n_rows + 1) * sizeof *f);
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < s->n_rows; i++) {
        struct span folder = audit_folder(s->rows[i]);
        size_t at = folder.len;
        while (at && folder.at[at - 1] != '/')
            at--;
        f[n++] = arena_dup(&x->out->arena, folder.at + at, folder.len - at);
    }
    qsort(f, n, sizeof *f, by_text);
    for (size_t i = 0; i < n; i++)
        if (!i || strcmp(f[i], f[i - 1]) != 0)
            f[kept++] = f[i];
    *out = f;
    return kept;
}

/* Numbers that the names of configurations leave out between two that are there. */
static void find_gaps(struct auditing *x, const struct audit_study *s)
{
    struct audit_points points = AUDIT_POINTS(x);
    struct str missing = STR_INIT;
    const char **f;
    size_t n = folders_of(x, s, &f), absent = 0;
    for (size_t i = 1; i < n; i++) {
        size_t a, b;
        long before = number_at_end(span_z(f[i - 1]), &a), behind = number_at_end(span_z(f[i]), &b);
        if (before < 0 || behind - before < 2 || behind - before > GAP_MAX + 1 || a != b || strncmp(f[i], f[i - 1], a))
            continue;
        for (long v = before + 1; v < behind; v++, absent++)
            str_addf(&missing, "%s%.*s%03ld", missing.len ? ", " : "", (int)a, f[i], v);
        for (size_t k = 0; k < s->n_rows; k++) {
            struct span folder = audit_folder(s->rows[k]);
            size_t len = strlen(f[i]);
            if (folder.len >= len && !memcmp(f[i], folder.at + folder.len - len, len))
                audit_add_row(&points, s->rows[k], "behind the gap");
        }
    }
    if (absent)
        audit_find(x, s, &points, "%zu configurations that the numbering leaves room for are not there: %s.", absent,
                   str_z(&missing));
    str_release(&missing);
}

/* Designs of a study, each once. */
static size_t designs_of(struct auditing *x, const struct audit_study *s, const char ***out)
{
    const char **d = arena_alloc(&x->out->arena, (s->n_rows + 1) * sizeof *d);
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < s->n_rows; i++)
        if ((d[n] = design_of(&x->out->arena, s->rows[i])))
            n++;
    qsort(d, n, sizeof *d, by_text);
    for (size_t i = 0; i < n; i++)
        if (!i || strcmp(d[i], d[i - 1]) != 0)
            d[kept++] = d[i];
    *out = d;
    return kept;
}

static void compare_designs(struct auditing *x, const struct audit_study *s, const struct audit_study *fuller,
                            const char **have, size_t n_have)
{
    struct audit_points points = AUDIT_POINTS(x);
    const char **all;
    size_t n_all = designs_of(x, fuller, &all), shared = 0, lacks = 0;
    struct str list = STR_INIT;
    for (size_t i = 0; i < n_all; i++) {
        bool there = bsearch(&all[i], have, n_have, sizeof *have, by_text) != NULL;
        shared += there;
        if (there)
            continue;
        lacks++;
        str_addf(&list, "%s(%s)", list.len ? ", " : "", all[i]);
        for (size_t k = 0; k < fuller->n_rows; k++) {
            const char *its = design_of(&x->out->arena, fuller->rows[k]);
            if (its && !strcmp(its, all[i]))
                audit_add_row(&points, fuller->rows[k], NULL);
        }
    }
    if (lacks && n_all > CELLS_MIN && (double)shared >= SAME_STUDY * (double)n_all)
        audit_find(x, s, &points,
                   "Of the %zu designs of %s it has %zu; the means of the two are over different ones. Not "
                   "there: %s.",
                   n_all, fuller->name, shared, str_z(&list));
    str_release(&list);
}

/* Positions of our own plan that no complete run fills. */
static void find_unfilled(struct auditing *x, const struct audit_study *s)
{
    struct audit_points points = AUDIT_POINTS(x);
    for (size_t i = 0; i < x->in->n_plan; i++) {
        const struct audit_place *p = &x->in->plan[i];
        bool there = false;
        for (size_t k = 0; k < s->n_runs && !there; k++)
            there = s->runs[k]->block == p->block && !strcmp(s->runs[k]->arm, p->arm);
        if (!there)
            audit_add_place(&points, p->arm, "block %d", (int)p->block);
    }
    if (points.n)
        audit_find(x, s, &points,
                   "%zu of %zu positions of the plan have no complete run: the blocks are not of equal arms.", points.n,
                   x->in->n_plan);
}

void audit_missing(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        const char **have;
        if (!s->n_rows) {
            find_unfilled(x, s);
            continue;
        }
        find_gaps(x, s);
        size_t n = designs_of(x, s, &have);
        for (size_t j = 0; n && j < x->n_studies; j++)
            if (j != k && !strcmp(x->studies[j].rows[0]->format, s->rows[0]->format))
                compare_designs(x, s, &x->studies[j], have, n);
    }
}

/* ---- how often, and in which order ------------------------------------------------------------------------------------ */

static bool counts(const struct run *r)
{
    return r->verdict != VERDICT_VOID;
}

void audit_few_runs(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct audit_points points = AUDIT_POINTS(x);
        size_t arms = 0;
        for (size_t i = 0; !s->n_rows && i < s->n_runs; i++) {
            size_t same = 0, before = 0;
            for (size_t j = 0; j < s->n_runs; j++) {
                bool is = counts(s->runs[j]) && !strcmp(s->runs[j]->arm, s->runs[i]->arm);
                same += is;
                before += is && j < i;
            }
            arms += counts(s->runs[i]) && !before;
            if (counts(s->runs[i]) && same == 1)
                audit_add_run(&points, s, i, NULL, NULL);
        }
        if (points.n)
            audit_find(
                x, s, &points,
                "%zu of %zu arms have one run that counts: it has no interval, whatever the number of its requests.",
                points.n, arms);
    }
}

#define BY_CHANCE 0.05 /* one order in all blocks is less likely than this when it is drawn */

/* Runs of a configuration follow each other: as many changes of configuration as there are configurations. */
static void one_order_of_rows(struct auditing *x, const struct audit_study *s)
{
    struct audit_points points = AUDIT_POINTS(x);
    struct timed *t;
    size_t n = timed_pairs(x, s, &t), cells = 0, groups = 0, all;
    for (size_t i = 0; i < n; i++) {
        bool begins = !i || strcmp(t[i].cell, t[i - 1].cell) != 0;
        groups += begins;
        if (begins)
            audit_add_row(&points, t[i].row, "from %s on", audit_clock(&x->out->arena, t[i].time));
    }
    one_sided(t, 0, n, &all);
    cells = all;
    if (cells >= CELLS_MIN && groups == cells && n >= 2 * cells)
        audit_find(
            x, s, &points,
            "%zu configurations ran once each, all their repetitions in a row (%zu runs): the repetitions share one "
            "moment, and nothing parts the configuration from it.",
            cells, n);
}

static double factorial(size_t n)
{
    return n < 2 ? 1 : (double)n * factorial(n - 1);
}

/* The arms of each block of the plan in one and the same order. */
static void one_order_of_plan(struct auditing *x, const struct audit_study *s)
{
    const struct audit_place *p = x->in->plan;
    struct audit_points points = AUDIT_POINTS(x);
    size_t n = x->in->n_plan, arms = 0;
    while (arms < n && p[arms].block == p[0].block)
        arms++;
    if (arms < 2 || n % arms || n / arms < 2 ||
        pow(factorial(arms < 20 ? arms : 20), 1 - (double)(n / arms)) > BY_CHANCE)
        return;
    for (size_t i = arms; i < n; i++)
        if (strcmp(p[i].arm, p[i % arms].arm) != 0 || p[i].block != p[i - i % arms].block)
            return;
    for (size_t i = 0; i < arms; i++)
        audit_add_place(&points, p[i].arm, "%zu in every block", i + 1);
    audit_find(x, s, &points,
               "All %zu blocks have their %zu arms in the same order: what changes with the place in a block "
               "can not be told from the arm.",
               n / arms, arms);
}

void audit_one_order(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        if (x->studies[k].n_rows)
            one_order_of_rows(x, &x->studies[k]);
        else
            one_order_of_plan(x, &x->studies[k]);
    }
}

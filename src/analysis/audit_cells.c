/* audit_cells.c: rules on configurations: which there are, and how often each ran. See audit.h. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/audit_rules.h"
#include "record/verdict.h"
#include "stats/moments.h"

/* ---- what was varied -------------------------------------------------------------------------------------------------- */

const char *const audit_factors[] = {"num_gpu", "num_ctx", "temperature", NULL};

const char *audit_design(struct arena *a, const struct audit_row *row)
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
        for (size_t k = 0; audit_factors[k]; k++) {
            double v = audit_number(options, audit_factors[k]);
            if (isfinite(v))
                str_addf(&s, "%s%s=%.4g", given++ ? " " : "", audit_factors[k], v);
        }
        if (!given)
            str_addz(&s, "defaults");
    }
    const char *out = any ? arena_dupz(a, str_z(&s)) : NULL;
    str_release(&s);
    return out;
}

const char *audit_cell(struct arena *a, const struct audit_row *row)
{
    struct str s = STR_INIT;
    for (size_t k = 0; audit_factors[k]; k++) {
        double v = audit_number(row->json, audit_factors[k]);
        if (isfinite(v))
            str_addf(&s, "%s%s=%.4g", s.len ? " " : "", audit_factors[k], v);
    }
    struct span folder = audit_folder(row);
    const char *out = s.len ? arena_dupz(a, str_z(&s)) : row->origin ? arena_dup(a, folder.at, folder.len) : NULL;
    str_release(&s);
    return out;
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
        const char *name = isfinite(value) ? audit_cell(&x->out->arena, row) : NULL;
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
        if ((d[n] = audit_design(&x->out->arena, s->rows[i])))
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
            const char *its = audit_design(&x->out->arena, fuller->rows[k]);
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

/* Positions of our own plan that no complete run fills, in blocks that were begun: those that a stop rule or a budget left
 * out whole take nothing from one arm alone. */
static void find_unfilled(struct auditing *x, const struct audit_study *s)
{
    struct audit_points points = AUDIT_POINTS(x);
    for (size_t i = 0; i < x->in->n_plan; i++) {
        const struct audit_place *p = &x->in->plan[i];
        bool there = false, begun = false;
        for (size_t k = 0; k < s->n_runs && !there; k++) {
            begun = begun || s->runs[k]->block == p->block;
            there = s->runs[k]->block == p->block && !strcmp(s->runs[k]->arm, p->arm);
        }
        if (begun && !there)
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

/* ---- how often ------------------------------------------------------------------------------------ */

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

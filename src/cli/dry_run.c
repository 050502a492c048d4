/* dry_run.c: see dry_run.h. */
#include "cli/dry_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/corpus.h"
#include "analysis/effects.h"
#include "base/file.h"
#include "format/json.h"
#include "format/table.h"
#include "record/metric.h"
#include "report/power.h"
#include "study/estimate.h"
#include "study/plan.h"

enum { ROWS_SHOWN = 60, WIDE = 120 /* columns for servers beside the arms */ };

struct dry {
    const struct study *s;
    struct plan plan;
    const struct corpus *corpus;
    size_t *starts; /* per server */
    struct estimate estimate;
    const char *basis; /* the file that it is from */
    struct str power;
    size_t blocks; /* that it takes to find POWER_EFFECT; 0: not known */
};

static void add_seconds(struct str *out, double s)
{
    if (s < 120)
        str_addf(out, "%.0f s", s);
    else if (s < 7200)
        str_addf(out, "%.0f min", s / 60);
    else
        str_addf(out, "%.1f h", s / 3600);
}

/* The arm that the others are compared with, as the declared comparison names it. */
static const char *baseline_of(const struct study *s)
{
    for (size_t i = 0; s->compare.baseline && i < s->n_arms; i++)
        if (study_arm_is(s, &s->arms[i], s->compare.baseline))
            return s->arms[i].name;
    return s->arms[0].name;
}

/* What the report of a study with factors will ask. */
static struct effects_family family_of(const struct dry *d)
{
    struct arena a = {0};
    struct design design;
    design_read(&design, str_z(&d->plan.json), &a);
    struct effects_family family = effects_family(&design);
    arena_release(&a);
    return family;
}

/* What the study will be able to see, from the runs of the earlier result; as text, and the blocks that it should have (0:
 * not known). */
static int find_power(struct dry *d, size_t columns, struct err *e)
{
    const struct study_compare *c = &d->s->compare;
    const struct metric **metrics = xcalloc(c->n_metrics + 1, sizeof *metrics);
    struct store *store;
    for (size_t i = 0; i < c->n_metrics; i++)
        metrics[i] = metric_find(c->metrics[i]);
    struct effects_family family = {.contrasts = d->s->n_arms - 1};
    if (d->s->n_factors)
        family = family_of(d);
    struct power_ask ask = {.blocks = d->s->blocks,
                            .comparisons = family.contrasts,
                            .speedups = family.speedups,
                            .metrics = metrics,
                            .n_metrics = c->n_metrics,
                            .effect = POWER_EFFECT,
                            .baseline = baseline_of(d->s),
                            .columns = columns,
                            .from = d->basis};
    int rc = store_open(&store, d->basis, false, e);
    if (!rc) {
        rc = report_power(store, &ask, &d->blocks, &d->power, e);
        store_close(store, NULL);
    }
    free(metrics);
    return rc;
}

/* ---- as text ------------------------------------------------------------------------------------------------------- */

static void add_line(struct str *line, size_t columns, struct str *out)
{
    text_wrap((struct span){str_z(line), line->len}, columns, 0, out);
    str_release(line);
}

static void add_note(const char *text, size_t columns, struct str *out)
{
    text_wrap(span_z(text), columns, 0, out);
}

static void add_head(const struct dry *d, size_t columns, struct str *out)
{
    const struct study *s = d->s;
    struct str line = STR_INIT;
    str_addf(&line, "study %s: %s", s->name, s->question);
    add_line(&line, columns, out);
    str_addf(out, "plan %.12s: %zu runs, %d blocks x %zu arms, %s order, seed %llu\n", d->plan.sha256, d->plan.n,
             s->blocks, s->n_arms, study_order_word(s->order), (unsigned long long)s->seed);
    if (s->corpus_dir)
        str_addf(out, "corpus %.12s: %zu files\n", d->corpus->sha256, d->corpus->n_files);
}

static void add_who(struct table *t, const struct study *s, const struct study_arm *arm)
{
    struct str who = STR_INIT;
    for (size_t i = 0; i < arm->n_agents; i++)
        str_addf(&who, "%s%s", i ? ", " : "", s->agents[arm->agents[i]].agent);
    if (arm->load >= 0)
        str_addf(&who, "load %s", s->loads[arm->load].name);
    table_cell(t, str_z(&who));
    str_release(&who);
}

/* Only servers of which there are several: the others are the same in every run. */
static void add_variants(struct table *t, const struct study *s, const struct study_arm *arm)
{
    struct str names = STR_INIT;
    for (size_t i = 0; i < s->n_slots; i++) {
        const char *name = s->servers[arm->servers[i]].name;
        if (strcmp(name, s->slots[i]) != 0)
            str_addf(&names, "%s%s", names.len ? "; " : "", name);
    }
    table_cell(t, str_z(&names));
    str_release(&names);
}

static bool any_level_missing(const struct study *s)
{
    for (size_t i = 0; i < s->n_arms; i++)
        for (size_t k = 0; k < s->n_factors; k++)
            if (!s->arms[i].level[k])
                return true;
    return false;
}

static void add_arms(const struct dry *d, struct arena *a, const struct table_style *style, struct str *out)
{
    const struct study *s = d->s;
    bool several = s->n_servers > s->n_slots, variants = several && style->columns >= WIDE;
    size_t shown = s->n_factors < 24 ? s->n_factors : 24;
    struct table t;
    table_init(&t, a);
    table_column(&t, "arm", TABLE_LEFT);
    for (size_t i = 0; i < shown; i++)
        table_column(&t, s->factors[i].name, TABLE_LEFT);
    table_column(&t, "who", TABLE_LEFT);
    if (variants)
        table_column(&t, "servers of its own", TABLE_LEFT);
    for (size_t i = 0; i < s->n_arms; i++) {
        table_cell(&t, s->arms[i].base);
        for (size_t k = 0; k < shown; k++)
            table_cell(&t, s->arms[i].level[k] ? s->arms[i].level[k] : "-");
        add_who(&t, s, &s->arms[i]);
        if (variants)
            add_variants(&t, s, &s->arms[i]);
    }
    str_addc(out, '\n');
    table_terminal(&t, style, out);
    if (any_level_missing(s))
        add_note(
            "-: the factor changes nothing of this arm, which is run once for all its levels, or is not varied there.",
            style->columns, out);
    if (several && !variants)
        add_note("Which of the servers below an arm has is in --json, and here on a wider terminal.", style->columns,
                 out);
}

static void add_servers(const struct dry *d, struct arena *a, const struct table_style *style, struct str *out)
{
    const struct study *s = d->s;
    struct table t;
    table_init(&t, a);
    table_column(&t, "server", TABLE_LEFT);
    table_column(&t, "kind", TABLE_LEFT);
    table_column(&t, "model", TABLE_LEFT);
    table_column(&t, "started", TABLE_RIGHT);
    for (size_t i = 0; i < s->n_servers; i++) {
        const char *kind = s->servers[i].kind;
        table_cell(&t, s->servers[i].name);
        table_cell(&t, kind ? kind : "engine");
        table_cell(&t, s->servers[i].model);
        if (server_spec_is_managed(&s->servers[i]))
            table_cellf(&t, "%zu x", d->starts[i]);
        else
            table_cell(&t, "is there");
    }
    str_addc(out, '\n');
    table_terminal(&t, style, out);
    if (s->n_servers > s->n_slots)
        add_note(
            "started: in the order of this seed; before the first run each of them once more, to see that it works.",
            style->columns, out);
    if (s->cold)
        add_note("start: cold restarts or unloads each before every run as well.", style->columns, out);
}

static void add_order(const struct dry *d, struct str *out)
{
    str_addc(out, '\n');
    for (size_t i = 0; i < d->plan.n && i < ROWS_SHOWN; i++)
        str_addf(out, "%4d  block %d  %s\n", d->plan.rows[i].position + 1, d->plan.rows[i].block + 1,
                 d->plan.rows[i].arm);
    if (d->plan.n > ROWS_SHOWN)
        str_addf(out, "%zu more; --json has them all\n", d->plan.n - ROWS_SHOWN);
}

static void add_duration(const struct dry *d, size_t columns, struct str *out)
{
    const struct estimate *m = &d->estimate;
    struct str line = STR_INIT;
    str_addc(out, '\n');
    if (!m->n_runs) {
        add_note("duration: unknown until two pilot blocks: run the study, stop it with ^C after two blocks, ask again",
                 columns, out);
        return;
    }
    str_addz(&line, "duration: ");
    add_seconds(&line, m->seconds);
    if (m->n_done) {
        str_addf(&line, ", of which %zu of %zu runs are done and ", m->n_done, d->plan.n);
        add_seconds(&line, m->left_seconds);
        str_addz(&line, " are left");
    }
    str_addf(&line, "; from %zu runs of %s", m->n_runs, d->basis);
    if (m->n_arms_known < d->s->n_arms)
        str_addf(&line, ", in which %zu of the %zu arms are: the others are taken for its median run", m->n_arms_known,
                 d->s->n_arms);
    add_line(&line, columns, out);
    if (d->s->budget_ns && m->left_seconds > 0) {
        double block = m->seconds / d->s->blocks;
        str_addf(out, "budget: %.0f s, about %.0f blocks\n", (double)d->s->budget_ns / 1e9,
                 (double)d->s->budget_ns / 1e9 / block);
    }
}

static void add_text(const struct app *app, const struct dry *d, struct str *out)
{
    struct arena a = {0};
    const struct table_style style = {.columns = app->columns ? app->columns : 160, .ascii = !app->utf8};
    add_head(d, style.columns, out);
    add_arms(d, &a, &style, out);
    add_servers(d, &a, &style, out);
    add_order(d, out);
    add_duration(d, style.columns, out);
    str_addf(out, "\n%s", d->power.len ? str_z(&d->power) : "power: unknown until then\n");
    arena_release(&a);
}

/* ---- as JSON ------------------------------------------------------------------------------------------------------- */

/* The plan itself is JSON already: it stands in there as it is stored. */
static void add_json(const struct dry *d, struct str *out)
{
    const struct study *s = d->s;
    struct json_writer w;
    json_init(&w, out);
    json_object(&w);
    json_kz(&w, "study", s->name);
    json_kz(&w, "question", s->question);
    json_kz(&w, "plan_sha256", d->plan.sha256);
    json_key(&w, "plan");
    json_raw(&w, str_z(&d->plan.json), d->plan.json.len);
    json_key(&w, "order");
    json_array(&w);
    for (size_t i = 0; i < d->plan.n; i++)
        json_z(&w, d->plan.rows[i].arm);
    json_array_end(&w);
    json_key(&w, "starts");
    json_object(&w);
    for (size_t i = 0; i < s->n_servers; i++)
        json_kint(&w, s->servers[i].name, (int64_t)d->starts[i]);
    json_object_end(&w);
    json_key(&w, "duration");
    if (d->estimate.n_runs) {
        json_object(&w);
        json_kz(&w, "basis", d->basis);
        json_kint(&w, "basis_runs", (int64_t)d->estimate.n_runs);
        json_kint(&w, "arms_known", (int64_t)d->estimate.n_arms_known);
        json_kint(&w, "runs_done", (int64_t)d->estimate.n_done);
        json_kdouble(&w, "seconds", d->estimate.seconds);
        json_kdouble(&w, "left_seconds", d->estimate.left_seconds);
        json_object_end(&w);
    } else {
        json_null(&w);
    }
    json_key(&w, "power");
    json_object(&w);
    json_kdouble(&w, "effect", POWER_EFFECT);
    json_key(&w, "blocks_needed");
    if (d->blocks)
        json_int(&w, (int64_t)d->blocks);
    else
        json_null(&w);
    json_kz(&w, "text", d->power.len ? str_z(&d->power) : NULL);
    json_object_end(&w);
    json_object_end(&w);
    str_addc(out, '\n');
}

/* ---- the whole ----------------------------------------------------------------------------------------------------- */

/* A result that is named must be one; the study's own is taken when it is there. */
static int find_estimate(struct dry *d, const struct dry_run_options *o, size_t columns, struct err *e)
{
    d->basis = o->prior ? o->prior : o->result;
    if (!o->prior && !file_exists(o->result))
        return 0;
    int rc = estimate_from(d->basis, d->s, &d->plan, &d->estimate, o->prior ? e : NULL);
    if (!rc && d->estimate.n_runs)
        rc = find_power(d, o->json ? 0 : columns, o->prior ? e : NULL);
    return o->prior ? rc : 0;
}

int dry_run(struct app *app, const struct study *s, const struct dry_run_options *o, struct err *e)
{
    struct corpus corpus = {0};
    struct dry d = {.s = s, .corpus = &corpus};
    struct str out = STR_INIT;
    int rc = s->corpus_dir ? corpus_open(&corpus, s->corpus_dir, e) : 0;
    if (rc)
        return rc;
    plan_make(&d.plan, s, corpus.sha256);
    d.starts = xcalloc(s->n_servers, sizeof *d.starts);
    plan_count_starts(&d.plan, s, d.starts);
    rc = find_estimate(&d, o, app->columns, e);
    if (!rc && o->json)
        add_json(&d, &out);
    else if (!rc)
        add_text(app, &d, &out);
    fputs(str_z(&out), stdout);
    str_release(&out);
    str_release(&d.power);
    free(d.starts);
    plan_release(&d.plan);
    corpus_release(&corpus);
    return rc;
}

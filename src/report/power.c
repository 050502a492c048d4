/* power.c: see power.h. */
#include "report/power.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format/table.h"
#include "report/number.h"
#include "report/view.h"

struct asked {
    const struct power_ask *ask;
    const struct run *runs;
    size_t n_runs;
    const char **arms; /* the baseline first */
    size_t n_arms;
    const struct metric **metrics;
    size_t n_metrics, comparisons, family;
    struct arena arena;
};

static void list_arms(struct asked *q)
{
    q->arms = arena_alloc(&q->arena, (q->n_runs + 1) * sizeof *q->arms);
    for (size_t i = 0; i < q->n_runs; i++) {
        size_t k = 0;
        if (!run_is_counted(&q->runs[i]) || !q->runs[i].arm)
            continue;
        while (k < q->n_arms && strcmp(q->arms[k], q->runs[i].arm) != 0)
            k++;
        if (k == q->n_arms)
            q->arms[q->n_arms++] = q->runs[i].arm;
        if (q->ask->baseline && !strcmp(q->arms[k], q->ask->baseline)) {
            q->arms[k] = q->arms[0];
            q->arms[0] = q->runs[i].arm;
        }
    }
}

static void list_metrics(struct asked *q)
{
    bool agents = false;
    for (size_t i = 0; i < q->n_runs; i++)
        agents = agents || run_is_agent(&q->runs[i]);
    const char *const *ids = compare_default_metrics(agents, &q->n_metrics);
    q->n_metrics = q->ask->n_metrics ? q->ask->n_metrics : q->n_metrics;
    q->metrics = arena_alloc(&q->arena, q->n_metrics * sizeof *q->metrics);
    for (size_t i = 0; i < q->n_metrics; i++)
        q->metrics[i] = q->ask->n_metrics ? q->ask->metrics[i] : metric_find(ids[i]);
    q->comparisons = q->ask->comparisons ? q->ask->comparisons : 1;
    q->family = q->n_metrics * q->comparisons + q->ask->speedups;
}

static void spread_of(struct asked *q, const struct metric *m, struct power_spread *s)
{
    struct compare_arm *arms = arena_alloc(&q->arena, (q->n_arms + 1) * sizeof *arms);
    for (size_t k = 0; k < q->n_arms; k++) {
        struct compare_run *runs = arena_alloc(&q->arena, (q->n_runs + 1) * sizeof *runs);
        size_t n = 0;
        for (size_t i = 0; i < q->n_runs; i++)
            if (run_is_counted(&q->runs[i]) && q->runs[i].arm && !strcmp(q->runs[i].arm, q->arms[k]))
                runs[n++] = (struct compare_run){q->runs[i].block, run_median_of(&q->runs[i], m)};
        arms[k] = (struct compare_arm){runs, n};
    }
    power_spread_of(arms, q->n_arms, s);
}

static void row(struct asked *q, struct table *t, const struct metric *m, size_t *most)
{
    struct power_spread s;
    spread_of(q, m, &s);
    double mde = power_blocks_mde(&s, (size_t)q->ask->blocks, q->family);
    size_t blocks = power_blocks(&s, q->ask->effect, q->family);
    table_cell(t, m->id);
    if (isnan(s.sd)) {
        table_cell(t, "not known");
    } else {
        table_cellf(t, "%s %% (%zu runs)", number_text(&q->arena, 100 * s.sd), s.n_values);
        *most = blocks == 0 || *most == SIZE_MAX ? SIZE_MAX : blocks > *most ? blocks : *most;
    }
    if (isfinite(mde))
        table_cellf(t, "%s %% = %s %s", number_text(&q->arena, 100 * mde), number_text(&q->arena, mde * s.base),
                    m->unit);
    else
        table_cell(t, isnan(s.sd) ? "not known" : "nothing");
    if (blocks)
        table_cellf(t, "%zu", blocks);
    else
        table_cellf(t, isnan(s.sd) ? "not known" : "over %d", POWER_MOST_BLOCKS);
}

static void add_paragraph(const struct asked *q, const char *text, struct str *out)
{
    size_t columns = q->ask->columns ? q->ask->columns : SIZE_MAX;
    text_wrap((struct span){text, strlen(text)}, columns, 0, out);
}

static void introduce(struct asked *q, struct str *out)
{
    const struct power_ask *ask = q->ask;
    const char *speedups = ask->speedups ? arena_printf(&q->arena, " and %zu of the speedup", ask->speedups) : "";
    add_paragraph(q,
                  arena_printf(&q->arena,
                               "What the study will see, from %s: signed ranks at 0.05, Holm over %zu comparison%s of "
                               "%zu metric%s%s, found in 80 %% of studies; the spread taken at its upper limit of "
                               "%.0f %% confidence.",
                               ask->from, q->comparisons, q->comparisons == 1 ? "" : "s", q->n_metrics,
                               q->n_metrics == 1 ? "" : "s", speedups, 100 * POWER_SURE),
                  out);
    str_addc(out, '\n');
}

static void conclude(struct asked *q, size_t most, struct str *out)
{
    const struct power_ask *ask = q->ask;
    size_t least = power_least_blocks(q->family);
    if ((size_t)ask->blocks < least)
        add_paragraph(q,
                      arena_printf(&q->arena,
                                   "With %d blocks no comparison of a family of %zu gets a verdict: that takes %zu "
                                   "blocks, or a smaller family.",
                                   ask->blocks, q->family, least),
                      out);
    if (most == SIZE_MAX)
        add_paragraph(q,
                      arena_printf(&q->arena, "No number of blocks up to %d finds %.3g %% in every metric.",
                                   POWER_MOST_BLOCKS, 100 * ask->effect),
                      out);
    else if (most)
        add_paragraph(q,
                      arena_printf(&q->arena, "To find %.3g %% in every metric, plan %zu blocks%s.", 100 * ask->effect,
                                   most, most <= (size_t)ask->blocks ? "; so many are planned" : ""),
                      out);
}

size_t report_power_of_runs(const struct run *runs, size_t n, const struct power_ask *ask, struct str *out)
{
    struct asked q = {.ask = ask, .runs = runs, .n_runs = n};
    struct table t;
    size_t most = 0;
    list_arms(&q);
    list_metrics(&q);
    table_init(&t, &q.arena);
    table_column(&t, "metric", TABLE_LEFT);
    table_column(&t, "runs of a block differ by (sd)", TABLE_RIGHT);
    table_column(&t, arena_printf(&q.arena, "%d blocks find", ask->blocks), TABLE_RIGHT);
    table_column(&t, arena_printf(&q.arena, "blocks to find %.3g %%", 100 * ask->effect), TABLE_RIGHT);
    for (size_t i = 0; i < q.n_metrics; i++)
        row(&q, &t, q.metrics[i], &most);
    introduce(&q, out);
    table_terminal(&t, &(struct table_style){.columns = ask->columns}, out);
    str_addc(out, '\n');
    conclude(&q, most, out);
    arena_release(&q.arena);
    return most == SIZE_MAX ? 0 : most;
}

int report_power(struct store *prior, const struct power_ask *ask, size_t *blocks, struct str *out, struct err *e)
{
    struct arena arena = {0};
    struct run *runs = NULL;
    size_t n = 0, wanted = 0;
    int rc = store_runs(prior, STORE_CHUNKS, &arena, &runs, &n, e); /* a metric of the family may need chunks */
    if (!rc)
        wanted = report_power_of_runs(runs, n, ask, out);
    if (blocks)
        *blocks = wanted;
    store_runs_release(runs, n);
    arena_release(&arena);
    return rc;
}

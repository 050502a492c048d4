/* page_duet.c: true speedup block by block, over blocks, and agent by agent; the original's number beside
 * it. */
#include <math.h>
#include <string.h>

#include "report/number.h"
#include "report/page.h"

static void cell(struct page *p, struct table *t, double v)
{
    table_cell(t, number_text(&p->arena, v));
}

static const char *yes_no(bool yes)
{
    return yes ? "yes" : "no";
}

static void blocks_table(struct page *p, const struct view_duet *d)
{
    static const char *const heads[] = {"block",     "speedup.time", "speedup.tokens", "tokens match",
                                        "overlap %", "output tok/s", "jain",           "contention"};
    struct table t;
    table_init(&t, &p->arena);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        table_column(&t, heads[i], TABLE_RIGHT);
    for (size_t i = 0; i < d->n_blocks && page_row_fits(p, i); i++) {
        const struct speedup_block *b = &d->blocks[i];
        table_cellf(&t, "%d", b->block + 1);
        cell(p, &t, b->time);
        cell(p, &t, b->tokens);
        table_cell(&t, yes_no(b->match));
        cell(p, &t, b->overlap);
        cell(p, &t, b->output_rate);
        cell(p, &t, b->jain);
        table_cell(&t, isnan(b->contention) ? NO_NUMBER : yes_no(b->contention > 0));
    }
    p->ops->table(p, &t);
    page_rest(p, d->n_blocks, "blocks");
}

static void summary_row(struct page *p, struct table *t, const char *name, const struct view_number *n)
{
    if (!n->n)
        return;
    table_cell(t, name);
    table_cell(t, n->metric->unit);
    table_cell(t, number_text(&p->arena, n->median));
    table_note(t, page_note(p, n));
    table_cell(t, number_interval(&p->arena, n));
    table_cell(t, n->label);
}

static void summary_table(struct page *p, const struct view_duet *d)
{
    struct table t;
    const char *time = d->headline == SPEEDUP_BY_TIME ? "speedup.time (headline)" : "speedup.time";
    const char *tokens = d->headline == SPEEDUP_BY_TOKENS ? "speedup.tokens (headline)" : "speedup.tokens";
    table_init(&t, &p->arena);
    table_column(&t, "over blocks", TABLE_LEFT);
    table_column(&t, "unit", TABLE_LEFT);
    table_column(&t, "median", TABLE_RIGHT);
    table_column(&t, "95 % interval", TABLE_RIGHT);
    table_column(&t, "n", TABLE_LEFT);
    summary_row(p, &t, time, &d->time);
    summary_row(p, &t, tokens, &d->tokens);
    summary_row(p, &t, "overlap (TR110 'efficiency')", &d->overlap);
    summary_row(p, &t, "output_rate.system", &d->output_rate);
    summary_row(p, &t, "jain", &d->jain);
    for (size_t i = 0; i < d->n_agents; i++)
        summary_row(p, &t, arena_printf(&p->arena, "slowdown of %s", d->slowdown[i].agent), &d->slowdown[i]);
    p->ops->table(p, &t);
}

static void alone_together(struct page *p, struct table *t, double alone, double together)
{
    table_cellf(t, "%s \u2192 %s", number_text(&p->arena, alone), number_text(&p->arena, together));
}

static void agent_row(struct page *p, struct table *t, const struct speedup_block *b, const struct speedup_agent *a)
{
    table_cellf(t, "%d", b->block + 1);
    table_cell(t, a->name);
    alone_together(p, t, a->solo.duration_s, a->together.duration_s);
    alone_together(p, t, a->solo.prompt_tok, a->together.prompt_tok);
    alone_together(p, t, a->solo.completion_tok, a->together.completion_tok);
    alone_together(p, t, a->solo.decode_rate, a->together.decode_rate);
    cell(p, t, a->slowdown);
    alone_together(p, t, a->solo.queue_ms, a->together.queue_ms);
}

static void agents_table(struct page *p, const struct view_duet *d)
{
    static const char *const heads[] = {"block",      "agent",        "seconds",  "prompt tok",
                                        "output tok", "decode tok/s", "slowdown", "queue ms"};
    struct table t;
    size_t rows = 0;
    table_init(&t, &p->arena);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        table_column(&t, heads[i], i == 1 ? TABLE_LEFT : TABLE_RIGHT);
    for (size_t i = 0; i < d->n_blocks; i++)
        for (size_t k = 0; k < d->blocks[i].n_agents; k++)
            if (page_row_fits(p, rows++))
                agent_row(p, &t, &d->blocks[i], &d->blocks[i].agents[k]);
    p->ops->table(p, &t);
    page_rest(p, rows, "rows");
}

static const char *queue_name(const struct view_duet *d)
{
    const char *name = d->blocks[0].queue_metric;
    for (size_t i = 1; i < d->n_blocks; i++)
        if (name != d->blocks[i].queue_metric &&
            (!name || !d->blocks[i].queue_metric || strcmp(name, d->blocks[i].queue_metric) != 0))
            return "queue.server or queue.client, whichever the server allows";
    return name ? name : "not to be had from this server";
}

static void rules(struct page *p, const struct view_duet *d)
{
    double flagged = 0;
    for (size_t i = 0; i < d->n_blocks; i++)
        flagged += d->blocks[i].contention > 0;
    page_textf(p, "Headline rule: %s.", speedup_headline_rule());
    if (d->overlap.n)
        page_textf(
            p,
            "The original would have called this %s %% 'efficient': overlap = 50 (1 + min/max) of the two concurrent "
            "durations says how equal they are, not what is gained.",
            number_text(&p->arena, d->overlap.median));
    if (d->contention.n)
        page_textf(p, "Contention in %.0f of %zu blocks by %s.", flagged, d->n_blocks, speedup_contention_rule());
    page_textf(
        p,
        "Per agent, alone \u2192 together: slowdown = decode rate alone / together, over all stages; queue is the "
        "median over its requests of %s.",
        queue_name(d));
    if (d->time.n > 1)
        page_textf(p, "Intervals: %s over blocks; below %d blocks they describe these blocks.",
                   d->time.method ? d->time.method : "none", VIEW_DESCRIPTIVE_BELOW);
}

static void excluded(struct page *p, const struct report_view *v)
{
    struct table t;
    if (!v->speedup.n_excluded)
        return;
    p->ops->heading(p, "Left out of the speedup");
    table_init(&t, &p->arena);
    table_column(&t, "block", TABLE_RIGHT);
    table_column(&t, "arm", TABLE_LEFT);
    table_column(&t, "attempt", TABLE_RIGHT);
    table_column(&t, "cause", TABLE_LEFT);
    for (size_t i = 0; i < v->speedup.n_excluded && page_row_fits(p, i); i++) {
        const struct speedup_exclusion *x = &v->speedup.excluded[i];
        table_cellf(&t, "%d", x->run->block + 1);
        table_cell(&t, x->run->arm);
        table_cellf(&t, "%d", x->run->attempt + 1);
        table_cell(&t, x->why);
    }
    p->ops->table(p, &t);
    page_rest(p, v->speedup.n_excluded, "runs");
}

void section_duets(struct page *p, const struct report_view *v)
{
    for (size_t i = 0; i < v->n_duets; i++) {
        const struct view_duet *d = &v->duets[i];
        p->ops->heading(p, arena_printf(&p->arena, "True speedup: %s (%s)", d->arm, d->agents));
        blocks_table(p, d);
        summary_table(p, d);
        agents_table(p, d);
        rules(p, d);
    }
    excluded(p, v);
}

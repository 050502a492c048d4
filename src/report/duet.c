/* duet.c: the agents of a multi-agent arm side by side against one after the other, over blocks. */
#include <math.h>
#include <string.h>

#include "report/view.h"

/* "a, b and c" */
static const char *join_agents(struct report_view *v, const struct speedup_block *b)
{
    const char *text = "";
    for (size_t i = 0; i < b->n_agents; i++) {
        const char *between = i == 0 ? "" : i + 1 == b->n_agents ? " and " : ", ";
        text = arena_printf(&v->arena, "%s%s%s", text, between, b->agents[i].name);
    }
    return text;
}

static double value_of(const struct speedup_block *b, const char *id, size_t agent)
{
    if (!strcmp(id, "speedup.time"))
        return b->time;
    if (!strcmp(id, "speedup.tokens"))
        return b->tokens;
    if (!strcmp(id, "overlap"))
        return b->overlap;
    if (!strcmp(id, "contention.tr110"))
        return b->contention;
    if (!strcmp(id, "output_rate.system"))
        return b->output_rate;
    if (!strcmp(id, "jain"))
        return b->jain;
    return agent < b->n_agents ? b->agents[agent].slowdown : NAN;
}

static struct view_number over_blocks(struct report_view *v, const struct view_duet *d, const char *id, size_t agent)
{
    const struct metric *m = metric_find(id);
    double *values = arena_alloc(&v->arena, (d->n_blocks + 1) * sizeof *values);
    for (size_t i = 0; i < d->n_blocks; i++)
        values[i] = value_of(&d->blocks[i], id, agent);
    return view_number_of(v, m, values, d->n_blocks, -1);
}

static const struct view_number *headline_of(const struct view_duet *d)
{
    return d->headline == SPEEDUP_BY_TIME ? &d->time : &d->tokens;
}

static const char *verdict_of(const struct view_duet *d)
{
    const struct interval *i = &headline_of(d)->interval;
    if (d->headline == SPEEDUP_NONE || !isfinite(i->lo) || !isfinite(i->hi))
        return "inconclusive";
    return i->lo > 1 ? "better" : i->hi < 1 ? "worse" : "inconclusive";
}

static void add_duet(struct report_view *v, const struct speedup_block *blocks, size_t n)
{
    struct view_duet *d = &v->duets[v->n_duets++];
    *d = (struct view_duet){.arm = blocks[0].arm, .blocks = blocks, .n_blocks = n, .n_agents = blocks[0].n_agents};
    d->agents = join_agents(v, &blocks[0]);
    d->headline = speedup_headline(blocks, n);
    d->time = over_blocks(v, d, "speedup.time", 0);
    d->tokens = over_blocks(v, d, "speedup.tokens", 0);
    d->overlap = over_blocks(v, d, "overlap", 0);
    d->contention = over_blocks(v, d, "contention.tr110", 0);
    d->output_rate = over_blocks(v, d, "output_rate.system", 0);
    d->jain = over_blocks(v, d, "jain", 0);
    d->slowdown = arena_alloc(&v->arena, d->n_agents * sizeof *d->slowdown);
    for (size_t i = 0; i < d->n_agents; i++) {
        d->slowdown[i] = over_blocks(v, d, "slowdown", i);
        d->slowdown[i].agent = blocks[0].agents[i].name;
    }
    for (size_t i = 0; i < v->speedup.n_excluded; i++) {
        const char *arm = v->speedup.excluded[i].run->arm;
        d->n_excluded += arm && !strcmp(arm, d->arm);
    }
    d->verdict = verdict_of(d);
}

void view_duets(struct report_view *v)
{
    const struct speedup *s = &v->speedup;
    v->duets = arena_alloc(&v->arena, (s->n_blocks + 1) * sizeof *v->duets);
    for (size_t i = 0, n; i < s->n_blocks; i += n) {
        for (n = 1; i + n < s->n_blocks && !strcmp(s->blocks[i + n].arm, s->blocks[i].arm);)
            n++;
        add_duet(v, &s->blocks[i], n);
    }
}

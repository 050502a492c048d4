/* html_figures.c: the sections of the page that are figures. */
#include "report/figure.h"
#include "report/html.h"

/* What requests are shown by, as far as they have it. */
static const char *const distributions[] = {"ttft", "tpot", "gap.p99", "e2e"};

void html_distributions(struct html *h)
{
    struct page *p = &h->page;
    struct str drawing = STR_INIT;
    struct svg s = {.out = &drawing, .arena = &p->arena};
    bool any = false;
    for (size_t i = 0; i < sizeof distributions / sizeof distributions[0]; i++) {
        const struct metric *m = metric_find(distributions[i]);
        if (!figure_ecdf(&s, h->v, m))
            continue;
        if (!any)
            p->ops->heading(p, "Distributions");
        any = true;
        html_figure(
            h, &drawing,
            arena_printf(&p->arena,
                         "%s: %s. A thin line is one run; the thick one is the median of the runs and the band "
                         "goes from the lowest to the highest of them. With one run the band is that of "
                         "Dvoretzky, Kiefer and Wolfowitz (95 %%), for requests that do not depend on each other.",
                         m->id, m->definition));
        if (figure_strips(&s, h->v, m))
            html_figure(h, &drawing,
                        arena_printf(&p->arena,
                                     "%s: a row is one run, a dot one of its requests (at most 120, evenly "
                                     "spaced by rank), the line the run's median.",
                                     m->id));
    }
    str_release(&drawing);
}

enum { LANE_FIGURES = 6, LANE_RUNS = 6 };

/* The first counted run of each arm in the block; the first arms. */
static size_t runs_of_block(const struct report_view *v, int32_t block, const struct run *out[LANE_RUNS])
{
    size_t n = 0;
    for (size_t i = 0; i < v->n_arms && n < LANE_RUNS; i++)
        for (size_t k = 0; k < v->arms[i].n_runs; k++)
            if (v->arms[i].runs[k]->block == block && view_counted(v->arms[i].runs[k])) {
                out[n++] = v->arms[i].runs[k];
                break;
            }
    return n;
}

void html_lanes(struct html *h)
{
    struct page *p = &h->page;
    struct str drawing = STR_INIT;
    struct svg s = {.out = &drawing, .arena = &p->arena};
    const struct run *runs[LANE_RUNS];
    bool any = false;
    for (int32_t block = 0; block < LANE_FIGURES; block++) {
        size_t n = runs_of_block(h->v, block, runs);
        if (!n || !figure_lanes(&s, runs, n))
            continue;
        if (!any)
            p->ops->heading(p, "Sessions and requests");
        any = true;
        html_figure(
            h, &drawing,
            "A lane is a session, or one of the requests it had in flight; a bar is a request with its phases: by "
            "the engine's own stamps or the times that the server tells, else only up to the first token and "
            "from there on. A cross ends a request that was not completed.");
    }
    str_release(&drawing);
}

/* html_figures.c: the sections of the page that are figures. */
#include "format/escape.h"
#include "report/compare_view.h"
#include "report/figure.h"
#include "report/html.h"
#include "report/series.h"

/* ---- comparisons ------------------------------------------------------------------------------------------- */

/* One figure for each metric of the family, folded away but for the most telling one, which is left out where the first
 * screen has it. */
static void forests(struct html *h)
{
    const struct view_comparisons *all = &h->v->comparisons;
    struct page *p = &h->page;
    struct str drawing = STR_INIT;
    struct svg s = {.out = &drawing, .arena = &p->arena};
    size_t n = all->top->pair->n, shown = h->v->n_duets ? 0 : 1;
    for (size_t i = 0; i < n; i++) {
        size_t metric = i == 0 ? all->top->telling : i - (i <= all->top->telling);
        if ((i == 0 && shown) || !figure_forest(&s, all, metric))
            continue;
        if (++shown == 2)
            str_addz(p->out, "<details><summary>the other metrics</summary>\n");
        html_figure(h, &drawing, FIGURE_FOREST_CAPTION);
    }
    if (shown > 1)
        str_addz(p->out, "</details>\n");
    str_release(&drawing);
}

void html_comparisons(struct html *h)
{
    const struct view_comparisons *all = &h->v->comparisons;
    struct page *p = &h->page;
    size_t first = all->n < FIGURE_FOREST ? all->n : FIGURE_FOREST;
    if (!all->base)
        return;
    p->ops->heading(p, arena_printf(&p->arena, "Comparisons: the arms against %s", all->base->name));
    if (all->top) {
        forests(h);
        comparison_tables(p, all->at, first);
    }
    if (all->top && all->n > first) {
        str_addf(p->out, "<details><summary>%zu more arms</summary>\n", all->n - first);
        comparison_tables(p, all->at + first, all->n - first);
        str_addz(p->out, "</details>\n");
    }
    comparison_notes(p, all);
}

/* Where a comparison took their place on the first screen. */
void html_tails(struct html *h)
{
    struct page *p = &h->page;
    struct str drawing = STR_INIT;
    struct svg s = {.out = &drawing, .arena = &p->arena};
    if (h->v->comparisons.top && (figure_tails(&s, h->v, "ttft.planned") || figure_tails(&s, h->v, "e2e.planned")))
        html_figure(h, &drawing, FIGURE_TAILS_CAPTION);
    str_release(&drawing);
}

/* ---- distributions ------------------------------------------------------------------------------------------ */

/* What requests are shown by, as far as they have it. */
static const char *const distributions[] = {"ttft", "tpot", "gap.p99", "e2e"};

void html_effects(struct html *h)
{
    section_effects(&h->page, h->v); /* its figure is that of the answer */
    section_levels(&h->page, h->v);
}

void html_distributions(struct html *h)
{
    struct page *p = &h->page;
    struct str drawing = STR_INIT;
    struct svg s = {.out = &drawing, .arena = &p->arena};
    bool any = false;
    for (size_t i = 0; i < sizeof distributions / sizeof distributions[0]; i++) {
        const struct metric *m = metric_find(distributions[i]);
        bool curves = figure_ecdf(&s, h->v, m);
        struct str rows = STR_INIT;
        struct svg strips = {.out = &rows, .arena = &p->arena};
        if (!figure_strips(&strips, h->v, m))
            continue;
        if (!any)
            p->ops->heading(p, "Distributions");
        any = true;
        if (curves)
            html_figure(
                h, &drawing,
                arena_printf(&p->arena,
                             "%s: %s. A thin line is one run; the thick one is the median of the runs and the band "
                             "goes from the lowest to the highest of them. With one run the band is that of "
                             "Dvoretzky, Kiefer and Wolfowitz (95 %%), for requests that do not depend on each other.",
                             m->id, m->definition));
        html_figure(h, &rows,
                    arena_printf(&p->arena,
                                 "%s%s%s: a row is one run, a dot one of its requests (at most 120, evenly spaced by "
                                 "rank), the line the run's median.",
                                 m->id, curves ? "" : ", ", curves ? "" : m->definition));
        str_release(&rows);
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
            if (v->arms[i].runs[k]->block == block && run_is_counted(v->arms[i].runs[k])) {
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
    size_t figures = 0;
    for (int32_t block = 0; block < LANE_FIGURES; block++) {
        size_t n = runs_of_block(h->v, block, runs);
        if (!n || !figure_lanes(&s, runs, n))
            continue;
        if (!figures++)
            p->ops->heading(p, "Sessions and requests");
        if (figures == 2)
            str_addz(p->out, "<details><summary>more blocks</summary>\n");
        html_figure(
            h, &drawing,
            "A lane is a session, or one of the requests it had in flight; a bar is a request with its phases: "
            "by the engine's own stamps or the times that the server tells, else only up to the first token and "
            "from there on. A cross ends a request that was not completed.");
    }
    if (figures > 1)
        str_addz(p->out, "</details>\n");
    str_release(&drawing);
}

/* ---- over time -------------------------------------------------------------------------------------------- */

static void options(struct html *h, const struct run *const *runs, size_t n)
{
    struct str *out = h->page.out;
    str_addz(out, "<div class=\"tools\"><label>run <select id=\"run\" autocomplete=\"off\">");
    for (size_t i = 0; i < n; i++) {
        str_addz(out, "<option>");
        escape_html(span_z(runs[i]->arm), out);
        str_addf(out, ", block %d, %s</option>\n", runs[i]->block + 1, view_run_word(runs[i]));
    }
    str_addz(out, "</select></label>");
    static const char *const buttons[][2] = {
        {"in", "zoom in"}, {"out", "zoom out"}, {"left", "earlier"}, {"right", "later"}, {"all", "whole run"}};
    for (size_t i = 0; i < sizeof buttons / sizeof buttons[0]; i++)
        str_addf(out, "<button type=\"button\" data-zoom=\"%s\">%s</button>", buttons[i][0], buttons[i][1]);
    str_addz(out, "</div>\n");
}

bool html_series(struct html *h)
{
    const struct run *runs[SERIES_RUNS];
    struct page *p = &h->page;
    size_t n = series_runs(h->v, runs);
    if (!n)
        return false;
    p->ops->heading(p, "Over time");
    page_textf(p,
               "One run at a time. Drag over a chart to zoom all of them, a double click shows the whole run again. "
               "Requests count from sent to done; each text chunk counts its request's tokens / text chunks; CPU and "
               "memory are the sampler's. The window is cut into %d steps: mean, sum or largest of each.",
               SERIES_STEPS);
    if (n < h->v->n_runs)
        page_textf(p, "%zu of %zu runs are here; the others sent nothing or are too many.", n, h->v->n_runs);
    options(h, runs, n);
    str_addz(p->out, "<div id=\"charts\"></div>\n<noscript><p>These charts need JavaScript; every number of the report "
                     "is in the tables, too.</p></noscript>\n<script type=\"application/json\" id=\"series\">");
    series_json(h->v, runs, n, p->out); /* numbers and our own keys only */
    str_addz(p->out, "</script>\n");
    return true;
}

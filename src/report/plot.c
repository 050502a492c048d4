/* plot.c: one figure as a file of its own. */
#include <string.h>

#include "report/figure.h"

enum { MAX_WORDS = 256 };

int plot_unknown(const char *what, struct err *e)
{
    const char *words[MAX_WORDS] = {"answer", "sessions"};
    const struct metric *m;
    size_t n = 2;
    for (; n < MAX_WORDS && (m = metric_at(n - 2)); n++)
        words[n] = m->id;
    const char *near = word_suggest(what, words, n);
    return err_set(e, ERR_USAGE, "no figure '%s'; %s%s%s", what,
                   near ? "did you mean '" : "there are answer, sessions and every id of chimera list metrics",
                   near ? near : "", near ? "'?" : "");
}

/* The first run of each arm that counts. */
static bool sessions(struct svg *s, const struct report_view *v)
{
    const struct run *runs[FIGURE_ARMS];
    size_t n = 0;
    for (size_t i = 0; i < v->n_arms && n < FIGURE_ARMS; i++)
        for (size_t k = 0; k < v->arms[i].n_runs; k++)
            if (run_is_counted(v->arms[i].runs[k])) {
                runs[n++] = v->arms[i].runs[k];
                break;
            }
    return figure_lanes(s, runs, n);
}

static bool of_metric(struct svg *s, const struct report_view *v, const struct metric *m)
{
    if (m->level == METRIC_REQUEST)
        return figure_ecdf(s, v, m) || figure_strips(s, v, m);
    return figure_runs(s, v, m->id);
}

int report_svg(const struct report_view *v, const char *what, struct str *out, struct err *e)
{
    struct arena a = {0};
    struct svg s = {.out = out, .arena = &a, .alone = true};
    const struct metric *m = metric_find(what);
    const char *caption;
    bool drawn;
    if (!strcmp(what, "answer"))
        drawn = figure_answer(&s, v, &caption);
    else if (!strcmp(what, "sessions"))
        drawn = sessions(&s, v);
    else if (m)
        drawn = of_metric(&s, v, m);
    else
        return plot_unknown(what, e);
    arena_release(&a);
    return drawn ? 0 : err_set(e, ERR_USAGE, "nothing to draw: no counted run has '%s'", what);
}

/* arms_csv.c: a line for each metric of each arm, for a spreadsheet: what its runs give, and what became of it against the
 * baseline. Every number raw, in the metric's unit; an empty field is a number that is not there. */
#include <math.h>
#include <string.h>

#include "format/csv.h"
#include "report/compare_view.h"
#include "report/view.h"

static void text(struct str *line, const char *z)
{
    if (z && *z)
        csv_add_text(line, z, strlen(z));
    str_addc(line, ',');
}

static void number(struct str *line, double v)
{
    if (isfinite(v))
        str_addf(line, "%.9g", v);
    str_addc(line, ',');
}

static const struct comparison *compared(const struct report_view *v, const struct view_arm *arm,
                                         const struct metric *m)
{
    for (size_t i = 0; i < v->comparisons.n; i++) {
        const struct compare_view *pair = v->comparisons.at[i].arm == arm ? v->comparisons.at[i].pair : NULL;
        for (size_t k = 0; pair && k < pair->n; k++)
            if (pair->results[k].metric == m)
                return &pair->results[k];
    }
    return NULL;
}

/* c NULL: not compared. */
static void comparison(struct str *line, const struct report_view *v, const struct comparison *c)
{
    text(line, c ? v->comparisons.base->name : NULL);
    number(line, c ? c->shift : NAN);
    number(line, c && c->confidence > 0 ? c->lo : NAN);
    number(line, c && c->confidence > 0 ? c->hi : NAN);
    number(line, c ? compare_percent(c, c->shift) : NAN);
    number(line, c ? c->delta : NAN);
    number(line, c ? c->p_holm : NAN);
    number(line, c ? c->mde : NAN);
    if (c)
        str_addz(line, compare_verdict_word(c->verdict));
    str_addc(line, '\n');
}

static void line_of(struct str *out, const struct report_view *v, const char *arm, const struct view_number *n,
                    const char *verdict, const struct comparison *c)
{
    text(out, arm);
    text(out, n->metric->id);
    text(out, n->metric->unit);
    text(out, metric_better_word(n->metric->better));
    str_addf(out, "%zu,", n->n);
    number(out, n->median);
    number(out, n->method ? n->interval.lo : NAN);
    number(out, n->method ? n->interval.hi : NAN);
    text(out, n->method);
    text(out, verdict);
    comparison(out, v, c);
}

void report_csv(const struct report_view *v, struct str *out)
{
    str_addz(out,
             "arm,metric,unit,better,n,median,ci_low,ci_high,ci_method,verdict,baseline,change,change_low,change_high,"
             "change_percent,cliffs_delta,p_holm,minimum_detectable,comparison\n");
    for (size_t i = 0; i < v->n_duets; i++) {
        const struct view_duet *d = &v->duets[i];
        line_of(out, v, d->arm, &d->time, d->headline == SPEEDUP_BY_TIME ? d->verdict : NULL, NULL);
        line_of(out, v, d->arm, &d->tokens, d->headline == SPEEDUP_BY_TOKENS ? d->verdict : NULL, NULL);
    }
    for (size_t i = 0; i < v->n_arms; i++) {
        const struct view_arm *arm = &v->arms[i];
        for (size_t k = 0; k < arm->n_numbers; k++)
            line_of(out, v, arm->name, &arm->numbers[k], view_worst_verdict(arm),
                    compared(v, arm, arm->numbers[k].metric));
    }
}

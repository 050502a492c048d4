/* number.c: one metric over runs: median, interval, label; and numbers as text. */
#include "report/number.h"

#include <math.h>
#include <string.h>

#include "stats/quantile.h"

/* Shares, flags and counts of rare things: a t interval of them is not one. */
static bool no_interval(const struct metric *m)
{
    static const char *const ids[] = {"requests.failed", "contention.tr110", "chunks.merged", "chunks.unstamped"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        if (!strcmp(m->id, ids[i]))
            return true;
    return false;
}

/* The largest value the definition allows: an interval does not go beyond it. */
static double upper_bound(const struct metric *m)
{
    return !strcmp(m->id, "overlap") ? 100 : !strcmp(m->id, "jain") ? 1 : INFINITY;
}

static void set_interval(struct view_number *n, const double *finite)
{
    bool positive = true;
    n->interval = (struct interval){.estimate = NAN, .lo = NAN, .hi = NAN, .n = n->n};
    if (n->n < 2 || no_interval(n->metric))
        return;
    for (size_t i = 0; i < n->n; i++)
        positive = positive && finite[i] > 0;
    n->interval = positive ? interval_ratio(finite, NULL, n->n, VIEW_CONFIDENCE)
                           : interval_mean(finite, n->n, VIEW_CONFIDENCE);
    n->interval.hi = fmin(n->interval.hi, upper_bound(n->metric));
    n->method = positive ? "95 % t interval of the geometric mean (on the log)" : "95 % t interval of the mean";
}

struct view_number view_number_of(struct report_view *v, const struct metric *m, double *values, size_t n,
                                  int64_t n_below)
{
    struct view_number out = {.metric = m, .values = values, .n_values = n, .n_below = n_below};
    double *finite = arena_alloc(&v->arena, (n + 1) * sizeof *finite);
    for (size_t i = 0; i < n; i++)
        if (isfinite(values[i]))
            finite[out.n++] = values[i];
    out.median = median(finite, out.n);
    set_interval(&out, finite);
    if (out.n == 0)
        out.label = "no value";
    else if (out.n == 1)
        out.label = "n = 1, no interval";
    else
        out.label = arena_printf(&v->arena, out.n < VIEW_DESCRIPTIVE_BELOW ? "n = %zu, descriptive" : "n = %zu", out.n);
    return out;
}

/* ---- text ------------------------------------------------------------------------------------------------ */

const char *number_text(struct arena *a, double v)
{
    double size = fabs(v);
    if (!isfinite(v))
        return NO_NUMBER;
    if (size >= 1e12)
        return arena_printf(a, "%.3g", v);
    if (size >= 99.95 || size == 0)
        return arena_printf(a, "%.0f", v + 0.0); /* + 0.0: no "-0" */
    if (size < 0.00995)
        return arena_printf(a, "%.2g", v);
    return arena_printf(a, "%.*f", size >= 9.995 ? 1 : size >= 0.9995 ? 2 : size >= 0.09995 ? 3 : 4, v);
}

const char *number_duration(struct arena *a, double s)
{
    if (s < 1)
        return arena_printf(a, "%s ms", number_text(a, s * 1e3));
    double shown = s < 120 ? s : s < 7200 ? s / 60 : s / 3600;
    return arena_printf(a, "%s %s", number_text(a, shown), s < 120 ? "s" : s < 7200 ? "min" : "h");
}

const char *number_share(struct arena *a, const struct interval *share)
{
    if (isnan(share->estimate))
        return NO_NUMBER;
    return arena_printf(a, "%s [%s, %s]", number_text(a, 100 * share->estimate), number_text(a, 100 * share->lo),
                        number_text(a, 100 * share->hi));
}

const char *number_latency(struct arena *a, double ms, double seen_ms)
{
    return isinf(ms) ? arena_printf(a, "> %s", number_duration(a, seen_ms / 1e3)) : number_text(a, ms);
}

const char *number_interval(struct arena *a, const struct view_number *n)
{
    if (!n->method || !isfinite(n->interval.lo) || !isfinite(n->interval.hi))
        return NO_NUMBER;
    return arena_printf(a, "[%s, %s]", number_text(a, n->interval.lo), number_text(a, n->interval.hi));
}

const char *number_with_interval(struct arena *a, const struct view_number *n)
{
    const char *value = number_text(a, n->median), *interval = number_interval(a, n);
    return strcmp(interval, NO_NUMBER) ? arena_printf(a, "%s %s", value, interval) : value;
}

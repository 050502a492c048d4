/* window.c: see window.h. */
#include "load/window.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/quantile.h"

enum { MEAN_BATCHES = 20, MEDIAN_SECTIONS = 10 };

int window_precision_check(const struct window_precision_rule *rule, struct err *e)
{
    if (!(rule->relative > 0 && rule->relative < 1))
        return err_set(e, ERR_USAGE, "the precision to stop at is a share above 0 and below 1, like 0.05");
    if (!(rule->confidence >= 0.5 && rule->confidence <= 0.999))
        return err_set(e, ERR_USAGE, "the confidence of an interval is from 0.5 to 0.999");
    return 0;
}

/* A copy in ascending order; the caller frees it. */
static double *ascending(const double *x, size_t n)
{
    double *sorted = xmalloc((n + 1) * sizeof *sorted);
    memcpy(sorted, x, n * sizeof *sorted);
    quantile_sort(sorted, n);
    return sorted;
}

static struct steady_section section(const double *x, size_t n, double p, size_t sections, double confidence)
{
    double *sorted = ascending(x, n);
    struct steady_section s = steady_section_quantile(x, sorted, n, p, sections, 0, confidence);
    free(sorted);
    return s;
}

static size_t first_look(const struct window_precision_rule *rule)
{
    return rule->min_n > WINDOW_MIN_N ? rule->min_n : WINDOW_MIN_N;
}

void window_precision(const struct window_precision_rule *rule, const double *x, size_t n, struct window_precision *out)
{
    double confidence = (1 + rule->confidence) / 2;
    *out = (struct window_precision){n, NAN, NAN, NAN, NAN, false, NAN};
    if (n < first_look(rule))
        return;
    if (rule->statistic == WINDOW_MEAN) {
        struct interval i = steady_batch_means(x, n, MEAN_BATCHES, confidence);
        out->estimate = i.estimate;
        out->lo = i.lo;
        out->hi = i.hi;
    } else {
        struct steady_section s = section(x, n, 0.5, MEDIAN_SECTIONS, confidence);
        out->estimate = s.q;
        out->lo = s.lo;
        out->hi = s.hi;
    }
    double half = fmax(out->hi - out->estimate, out->estimate - out->lo); /* the median's interval may be lopsided */
    out->relative = half / fabs(out->estimate);
    out->reached = out->relative <= rule->relative;
    double ratio = out->relative / rule->relative;
    if (isfinite(ratio))
        out->values_needed = ceil((double)n * fmax(1, ratio * ratio));
}

size_t window_next_look(const struct window_precision_rule *rule, size_t n)
{
    size_t first = first_look(rule);
    return n < first ? first : n + n / 2;
}

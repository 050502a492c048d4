/* rank.c: see rank.h. */
#include "stats/rank.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stats/dist.h"
#include "stats/quantile.h"

/* ---- sorted copies ---- */

/* NULL when there is nothing, something not finite, or no memory. */
static double *sorted_copy(const double *x, size_t n)
{
    double *copy = n ? malloc(n * sizeof *copy) : NULL;
    for (size_t i = 0; i < n && copy; i++) {
        copy[i] = x[i];
        if (!isfinite(x[i])) {
            free(copy);
            return NULL;
        }
    }
    if (copy)
        quantile_sort(copy, n);
    return copy;
}

/* Sum of t^3 - t over the groups of equal values. */
static double ties(const double *sorted, size_t n)
{
    double sum = 0;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && sorted[end] == sorted[i];)
            end++;
        double t = (double)(end - i);
        sum += t * t * t - t;
    }
    return sum;
}

/* ---- the law of U ---- */

/* P(U = u) for u = 0 … n m / 2 into law: the law of (i, m) from that of (i - 1, m) by one factor (1 - q^(m+i)) / (1 - q^i)
 * of the generating function (Mann and Whitney 1947). As far as the middle every difference is of a rising law: nothing
 * cancels. */
static void u_law(size_t n, size_t m, double *law)
{
    size_t half = n * m / 2;
    if (n > m) { /* the law is the same, and a pass is made for each of n */
        size_t larger = n;
        n = m;
        m = larger;
    }
    memset(law, 0, (half + 1) * sizeof *law);
    law[0] = 1;
    for (size_t i = 1; i <= n; i++) {
        for (size_t u = half + 1; u-- > m + i;)
            law[u] -= law[u - m - i];
        for (size_t u = 0; u <= half; u++)
            law[u] = (u >= i ? law[u - i] : 0) + law[u] * (double)i / (double)(m + i);
    }
}

/* P(U <= u), u up to the middle. */
static double u_cdf(const double *law, size_t u)
{
    double sum = 0;
    for (size_t i = 0; i <= u; i++)
        sum += law[i];
    return sum;
}

static double u_sd(double n, double m)
{
    return sqrt(n * m * (n + m + 1) / 12);
}

/* From one tail; NaN stays. */
static double two_sided(double tail)
{
    return tail > 0.5 ? 1 : 2 * tail;
}

static double exact_u_p(size_t n, size_t m, double u)
{
    double *law = malloc((n * m / 2 + 1) * sizeof *law), p = NAN;
    if (law) {
        u_law(n, m, law);
        p = two_sided(u_cdf(law, (size_t)fmin(u, (double)(n * m) - u)));
        free(law);
    }
    return p;
}

/* Two-sided, `off` from the expected value, steps of one. */
static double normal_p(double off, double sd)
{
    return sd > 0 ? two_sided(dist_norm_sf((off - 0.5) / sd)) : 1;
}

struct pairs {
    double less, equal, more; /* pairs with x < y, x == y, x > y */
};

static struct pairs count_pairs(const double *x, size_t n, const double *y, size_t m)
{
    struct pairs p = {0, 0, 0};
    for (size_t i = 0, below = 0, upto = 0; i < n; i++) {
        while (below < m && y[below] < x[i])
            below++;
        while (upto < m && y[upto] <= x[i])
            upto++;
        p.more += (double)below;
        p.equal += (double)(upto - below);
        p.less += (double)(m - upto);
    }
    return p;
}

/* Both samples sorted, and together; all NULL on failure. */
struct samples {
    double *x, *y, *both;
};

static bool samples_open(struct samples *s, const double *x, size_t n, const double *y, size_t m)
{
    *s = (struct samples){sorted_copy(x, n), sorted_copy(y, m), malloc((n + m + 1) * sizeof(double))};
    if (!s->x || !s->y || !s->both)
        return false;
    memcpy(s->both, x, n * sizeof *x);
    memcpy(s->both + n, y, m * sizeof *y);
    quantile_sort(s->both, n + m);
    return true;
}

static void samples_close(struct samples *s)
{
    free(s->x);
    free(s->y);
    free(s->both);
}

struct rank_test rank_mann_whitney(const double *x, size_t n, const double *y, size_t m)
{
    struct rank_test t = {NAN, NAN, NAN};
    struct samples s;
    if (samples_open(&s, x, n, y, m)) {
        struct pairs p = count_pairs(s.x, n, s.y, m);
        double a = (double)n, b = (double)m, all = a + b, tied = ties(s.both, n + m);
        t.statistic = p.more + p.equal / 2;
        if (tied == 0 && a * b <= RANK_EXACT_PAIRS)
            t.p_exact = exact_u_p(n, m, t.statistic);
        t.p_normal = normal_p(fabs(t.statistic - a * b / 2), sqrt(a * b / 12 * (all + 1 - tied / (all * (all - 1)))));
    }
    samples_close(&s);
    return t;
}

double rank_mann_whitney_min_p(double n, double m)
{
    double p = 2;
    if (!(n >= 1 && m >= 1))
        return NAN;
    for (double i = 1; i <= fmin(n, m) && p > 0; i++)
        p *= i / (fmax(n, m) + i);
    return fmin(1, p);
}

double rank_cliff_delta(const double *x, size_t n, const double *y, size_t m)
{
    struct samples s;
    double delta = NAN;
    if (samples_open(&s, x, n, y, m)) {
        struct pairs p = count_pairs(s.x, n, s.y, m);
        delta = (p.more - p.less) / ((double)n * (double)m);
    }
    samples_close(&s);
    return delta;
}

/* ---- order statistics of differences ---- */

/* Doubles and their order among whole numbers, so that a bisection ends on a value that occurs. */
static uint64_t order_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits >> 63 ? ~bits : bits | 1ull << 63;
}

static double of_order(uint64_t order)
{
    uint64_t bits = order >> 63 ? order & ~(1ull << 63) : ~order;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Pairs with x[i] - y[j] <= v; as x rises, so does the first y that is near enough. */
static double differences_upto(const double *x, size_t n, const double *y, size_t m, double v)
{
    double count = 0;
    for (size_t i = 0, j = 0; i < n; i++) {
        while (j < m && x[i] - y[j] > v)
            j++;
        count += (double)(m - j);
    }
    return count;
}

/* The k-th smallest (1-based) difference x[i] - y[j]. */
static double kth(const double *x, size_t n, const double *y, size_t m, double k)
{
    uint64_t low = order_of(x[0] - y[m - 1]), high = order_of(x[n - 1] - y[0]);
    while (low < high) {
        uint64_t mid = low + (high - low) / 2;
        if (differences_upto(x, n, y, m, of_order(mid)) >= k)
            high = mid;
        else
            low = mid + 1;
    }
    return of_order(low) + 0.0; /* no minus zero */
}

static double middle(const double *x, size_t n, const double *y, size_t m)
{
    double count = (double)n * (double)m;
    double low = kth(x, n, y, m, floor((count + 1) / 2)), high = kth(x, n, y, m, floor(count / 2) + 1);
    return low == high ? low : low / 2 + high / 2;
}

/* The rank from below at which the interval begins: the first u with P(U <= u) >= alpha / 2, at least 1, as in R. */
static double shift_rank(size_t n, size_t m, double confidence, double *actual)
{
    double pairs = (double)n * (double)m, sd = u_sd((double)n, (double)m), tail = (1 - confidence) / 2, u = 0;
    if (pairs > RANK_EXACT_PAIRS) {
        u = fmax(1, ceil(pairs / 2 - 0.5 + sd * dist_norm_quantile(tail)));
        *actual = 1 - 2 * dist_norm_sf((pairs / 2 - u + 0.5) / sd);
        return u;
    }
    double *law = malloc((n * m / 2 + 1) * sizeof *law);
    if (!law)
        return NAN;
    u_law(n, m, law);
    double below = 0; /* P(U < u) */
    while (u <= floor(pairs / 2) && (u < 1 || below + law[(size_t)u] < tail))
        below += law[(size_t)u++];
    *actual = 1 - 2 * below;
    free(law);
    return fmax(1, u);
}

struct rank_shift rank_hodges_lehmann(const double *x, size_t n, const double *y, size_t m, double confidence)
{
    struct rank_shift r = {NAN, NAN, NAN, NAN};
    struct samples s;
    if (samples_open(&s, x, n, y, m)) {
        r.shift = middle(s.x, n, s.y, m);
        double u = confidence > 0 && confidence < 1 ? shift_rank(n, m, confidence, &r.actual_conf) : NAN;
        if (!isnan(u)) {
            r.lo = kth(s.x, n, s.y, m, u);
            r.hi = kth(s.x, n, s.y, m, (double)n * (double)m - u + 1);
        }
    }
    samples_close(&s);
    return r;
}

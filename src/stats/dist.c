/* dist.c: see dist.h. */
#include "stats/dist.h"

#include <math.h>
#include <stdbool.h>

/* Modified Lentz (Thompson and Barnett 1986): the tiny value keeps a zero denominator from ending the
 * fraction. */
static double fraction(double x, double a, double b)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double f = d;
    for (int m = 1; m < 10000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double step = 1;
        for (int half = 0; half < 2; half++) {
            double term = half ? odd : even;
            d = 1 + term * d;
            c = 1 + term / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            step = c * d;
            f *= step;
        }
        if (fabs(step - 1) < 1e-16)
            break;
    }
    return f;
}

/* y is 1 - x, given apart so that it keeps its digits when x is near 1. */
static double betainc_xy(double x, double y, double a, double b)
{
    if (isnan(x) || !(a > 0) || !(b > 0))
        return NAN;
    if (!(x > 0))
        return 0;
    if (!(y > 0))
        return 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(y));
    if (x < (a + 1) / (a + b + 2))
        return front * fraction(x, a, b) / a;
    return 1 - front * fraction(y, b, a) / b;
}

double dist_betainc(double x, double a, double b)
{
    return betainc_xy(x, 1 - x, a, b);
}

/* Bisects the logit of x, so that solutions near 0 and near 1 are found with the same relative precision. */
double dist_betainc_inv(double p, double a, double b)
{
    if (!(p > 0 && p < 1))
        return p <= 0 ? 0 : p >= 1 ? 1 : NAN;
    double low = -700, high = 700;
    for (int i = 0; i < 200 && high - low > 1e-15 * (1 + fabs(low)); i++) {
        double mid = low + (high - low) / 2;
        double x = 1 / (1 + exp(-mid)), y = 1 / (1 + exp(mid));
        if (betainc_xy(x, y, a, b) < p)
            low = mid;
        else
            high = mid;
    }
    return 1 / (1 + exp(-(low + high) / 2));
}

/* P(|T| > t) = I_x(df/2, 1/2) with x = df / (df + t^2): so t = sqrt(df (1 - x) / x). Near the middle x is
 * close to 1 and 1 - x would lose its digits: there the mirrored I_{1-x}(1/2, df/2) is inverted. */
double dist_t_quantile(double p, double df)
{
    if (!(p > 0 && p < 1) || !(df > 0))
        return NAN;
    bool upper = p > 0.5;
    double tail = 2 * (upper ? 1 - p : p), t;
    if (tail < 0.5) {
        double x = dist_betainc_inv(tail, df / 2, 0.5);
        t = sqrt(df * (1 - x) / x);
    } else {
        double y = dist_betainc_inv(1 - tail, 0.5, df / 2);
        t = sqrt(df * y / (1 - y));
    }
    return upper ? t : -t;
}

/* As dist_t_quantile: the middle is found from the mirrored function, so that neither tail loses digits. */
double dist_t_sf(double t, double df)
{
    if (isnan(t) || !(df > 0))
        return NAN;
    if (isinf(t))
        return t > 0 ? 0 : 1;
    double share = 1 / (1 + t * t / df), upper = betainc_xy(share, t * t / df * share, df / 2, 0.5) / 2;
    return t > 0 ? upper : 1 - upper;
}

/* Weights e^(df (u - (e^2u - 1) / 2)) of the scale s = e^u, whose sum takes the place of the density's constant. The step is
 * below the width of the weights and of the normal distribution function seen from u. */
double dist_nct_cdf(double t, double df, double nc)
{
    if (isnan(t) || !(df >= 0.01) || !isfinite(nc))
        return NAN;
    if (isinf(t))
        return t > 0 ? 1 : 0;
    double width = fmin(0.25, fmin(1 / sqrt(2 * df), 1 / (1 + fabs(nc)))), sum = 0, weights = 0;
    double step = fmax(width / 2, (1 + 42 / df) / 1e6); /* bounds the time where nc is absurd */
    for (int way = -1; way <= 1; way += 2)
        for (double i = way > 0 ? 0 : 1;; i++) {
            double u = way * i * step, weight = exp(df * (u - expm1(2 * u) / 2));
            sum += weight * dist_norm_sf(nc - t * exp(u));
            weights += weight;
            if (weight < 1e-18)
                break;
        }
    return sum / weights;
}

double dist_norm_sf(double z)
{
    return erfc(z / sqrt(2)) / 2;
}

double dist_norm_quantile(double p)
{
    if (!(p >= 0 && p <= 1))
        return NAN;
    if (p == 0 || p == 1 || p == 0.5)
        return p == 0.5 ? 0 : p == 0 ? -INFINITY : INFINITY;
    double tail = fmin(p, 1 - p), r = sqrt(-2 * log(tail)), root_2pi = sqrt(8 * atan(1));
    double z = r - (2.515517 + r * (0.802853 + r * 0.010328)) / (1 + r * (1.432788 + r * (0.189269 + r * 0.001308)));
    for (int i = 0; i < 4; i++) {
        double newton = (dist_norm_sf(z) - tail) * root_2pi * exp(z * z / 2);
        z += newton / (1 - z * newton / 2);
    }
    return p < 0.5 ? -z : z;
}

static bool is_binomial(double n, double p)
{
    const double most = 9007199254740992; /* 2^53: beyond, n and n - 1 are one double, and a search would not end */
    return n >= 0 && n == floor(n) && n <= most && p >= 0 && p <= 1;
}

double dist_binom_cdf(double k, double n, double p)
{
    if (!is_binomial(n, p) || isnan(k))
        return NAN;
    k = floor(k);
    if (k < 0 || k >= n)
        return k < 0 ? 0 : 1;
    return betainc_xy(1 - p, p, n - k, k + 1);
}

double dist_binom_pmf(double k, double n, double p)
{
    if (!is_binomial(n, p) || isnan(k))
        return NAN;
    if (k < 0 || k > n || k != floor(k))
        return 0;
    double hits = k > 0 ? k * log(p) : 0, misses = k < n ? (n - k) * log1p(-p) : 0;
    return exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + hits + misses);
}

double dist_binom_quantile(double p, double n, double chance)
{
    if (!is_binomial(n, chance) || !(p >= 0 && p <= 1))
        return NAN;
    double low = -1, high = n; /* P(X <= low) < p <= P(X <= high) */
    while (high - low > 1) {
        double mid = floor((low + high) / 2);
        if (dist_binom_cdf(mid, n, chance) < p)
            low = mid;
        else
            high = mid;
    }
    return high;
}

double dist_kolmogorov_sf(double x)
{
    const double pi = 4 * atan(1);
    double sum = 0;
    if (!(x > 0))
        return isnan(x) ? x : 1;
    if (x < 1) {
        for (int k = 1; k < 40; k += 2)
            sum += exp(-k * k * pi * pi / (8 * x * x));
        return 1 - sqrt(2 * pi) / x * sum;
    }
    for (int k = 1; k < 40; k++)
        sum += (k % 2 ? 2 : -2) * exp(-2.0 * k * k * x * x);
    return sum;
}

enum { MAX_TERMS = 1000000 }; /* some 10 sqrt(a) are needed near x = a */

static double gamma_front(double a, double x)
{
    return exp(a * log(x) - x - lgamma(a));
}

static double gamma_series(double a, double x)
{
    double term = 1 / a, sum = term;
    for (int k = 1; k < MAX_TERMS && term > sum * 1e-17; k++) {
        term *= x / (a + k);
        sum += term;
    }
    return gamma_front(a, x) * sum;
}

/* The even part of the fraction, by Lentz as above. */
static double gamma_fraction(double a, double x)
{
    const double tiny = 1e-300;
    double b = x + 1 - a, c = 1 / tiny, d = 1 / b, f = d;
    for (int k = 1; k < MAX_TERMS; k++) {
        double term = -k * (k - a);
        b += 2;
        d = term * d + b;
        c = b + term / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        f *= c * d;
        if (fabs(c * d - 1) < 1e-16)
            break;
    }
    return gamma_front(a, x) * f;
}

double dist_gamma_p(double a, double x)
{
    if (!(a > 0) || !(x >= 0))
        return NAN;
    if (x == 0 || isinf(x))
        return x == 0 ? 0 : 1;
    return x < a + 1 ? gamma_series(a, x) : 1 - gamma_fraction(a, x);
}

double dist_gamma_q(double a, double x)
{
    if (!(a > 0) || !(x >= 0))
        return NAN;
    if (x == 0 || isinf(x))
        return x == 0 ? 1 : 0;
    return x < a + 1 ? 1 - gamma_series(a, x) : gamma_fraction(a, x);
}

/* The tail that is the smaller one decides, so that none is found by subtraction. */
double dist_gamma_quantile(double p, double a)
{
    if (!(p >= 0 && p <= 1) || !(a > 0))
        return NAN;
    if (p == 0 || p == 1)
        return p == 0 ? 0 : INFINITY;
    double low = -700, high = 700;
    for (int i = 0; i < 200 && high - low > 1e-15 * (1 + fabs(low)); i++) {
        double mid = low + (high - low) / 2, x = exp(mid);
        if (p < 0.5 ? dist_gamma_p(a, x) < p : dist_gamma_q(a, x) > 1 - p)
            low = mid;
        else
            high = mid;
    }
    return exp(low + (high - low) / 2);
}

double dist_chi2_quantile(double p, double df)
{
    return 2 * dist_gamma_quantile(p, df / 2);
}

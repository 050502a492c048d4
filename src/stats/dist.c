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
    if (!(x > 0))
        return isnan(x) ? x : 0;
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

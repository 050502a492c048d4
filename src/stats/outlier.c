/* outlier.c: see outlier.h. */
#include "stats/outlier.h"

#include <math.h>
#include <stdlib.h>

#include "stats/quantile.h"

static const double QUARTILE = 0.6744897501960817; /* of the standard normal law, 75 % */
#define Z_OVER 3.5
#define Z_FAR 10.0

static double modified_z(double x, const struct outlier_mad *m)
{
    double away = fabs(x - m->median);
    return away > 0 ? QUARTILE * away / m->mad : 0;
}

struct outlier_mad outlier_mad(const double *x, size_t n)
{
    struct outlier_mad m = {NAN, NAN, NAN, NAN, 0, 0};
    double *copy = malloc((n + 1) * sizeof *copy);
    if (!n || !copy) {
        free(copy);
        return m;
    }
    for (size_t i = 0; i < n; i++)
        copy[i] = x[i];
    m.median = median(copy, n);
    for (size_t i = 0; i < n; i++)
        copy[i] = fabs(x[i] - m.median);
    m.mad = median(copy, n);
    m.sd = m.mad / QUARTILE;
    m.z_max = 0;
    for (size_t i = 0; i < n; i++) {
        double z = modified_z(x[i], &m);
        m.z_max = fmax(m.z_max, z);
        m.n_over += z > Z_OVER;
        m.n_far += z > Z_FAR;
    }
    free(copy);
    return m;
}

struct outlier_fences outlier_fences(const double *sorted, size_t n)
{
    struct outlier_fences f = {.q1 = quantile_hf7(sorted, n, 0.25), .q3 = quantile_hf7(sorted, n, 0.75)};
    double range = f.q3 - f.q1;
    f.mild_lo = f.q1 - 1.5 * range;
    f.mild_hi = f.q3 + 1.5 * range;
    f.severe_lo = f.q1 - 3 * range;
    f.severe_hi = f.q3 + 3 * range;
    for (size_t i = 0; i < n; i++) {
        f.n_mild += sorted[i] < f.mild_lo || sorted[i] > f.mild_hi;
        f.n_severe += sorted[i] < f.severe_lo || sorted[i] > f.severe_hi;
    }
    return f;
}

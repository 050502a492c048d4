/* draw.c: see draw.h. */
#include "load/draw.h"

#include <math.h>

double draw_exponential(struct rng *r)
{
    return -log1p(-rng_double(r)); /* rng_double is below 1 */
}

/* The second number of each pair is thrown away: a stream without memory can be copied and continued anywhere. */
double draw_normal(struct rng *r)
{
    double x, y, s;
    do {
        x = 2 * rng_double(r) - 1;
        y = 2 * rng_double(r) - 1;
        s = x * x + y * y;
    } while (s >= 1 || s == 0);
    return x * sqrt(-2 * log(s) / s);
}

double draw_gamma(struct rng *r, double shape)
{
    double boost = 1;
    if (shape < 1) {
        boost = pow(1 - rng_double(r), 1 / shape);
        shape += 1;
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = draw_normal(r), v = 1 + c * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        if (log(1 - rng_double(r)) < 0.5 * x * x + d - d * v + d * log(v))
            return boost * d * v;
    }
}

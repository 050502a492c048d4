/* earlystop.c: see earlystop.h. */
#include "stats/earlystop.h"

#include <math.h>
#include <stdbool.h>

#include "stats/dist.h"

size_t earlystop_min_passing(size_t t, double p, double d, double c, double *odds)
{
    const double most = 1e12;
    double share = p - d, low = 0, high = 1, after = (double)t + 1;
    if (odds)
        *odds = NAN;
    if (!(share > 0 && share < 1) || !(c > 0 && c < 1))
        return 0;
    while (high <= most && !(dist_betainc(share, high, after) < 1 - c)) { /* falls with h */
        low = high;
        high *= 2;
    }
    if (high > most)
        return 0;
    while (high - low > 1) {
        double mid = floor((low + high) / 2);
        if (dist_betainc(share, mid, after) < 1 - c)
            high = mid;
        else
            low = mid;
    }
    if (odds)
        *odds = dist_betainc(share, high, after);
    return (size_t)high;
}

size_t earlystop_min_queries(double p, double c)
{
    size_t h = earlystop_min_passing(1, p, 0, c, NULL);
    return h ? h + 1 : 0;
}

static bool allows(size_t n, size_t t, double p, double c)
{
    size_t h = earlystop_min_passing(t, p, 0, c, NULL);
    return h && t <= n && h <= n - t;
}

size_t earlystop_discard_budget(size_t n, double p, double c)
{
    size_t low = 0, high = n + 1; /* low is allowed, high is not */
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (allows(n, mid, p, c))
            low = mid;
        else
            high = mid;
    }
    return low;
}

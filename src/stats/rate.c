/* rate.c: see rate.h. */
#include "stats/rate.h"

double rate_expected(const struct rate_stage *stages, size_t n, int64_t at_ns)
{
    double sum = 0;
    for (size_t i = 0; i < n && at_ns > 0; i++) {
        const struct rate_stage *s = &stages[i];
        int64_t inside = at_ns < s->duration_ns ? at_ns : s->duration_ns;
        double t_s = (double)inside / 1e9, share = (double)inside / (double)s->duration_ns;
        sum += t_s * (s->from_rps + (s->to_rps - s->from_rps) * share / 2);
        at_ns -= inside;
    }
    return sum;
}

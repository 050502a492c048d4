/* audit_energy.c: rules on power that was averaged over windows of work. See audit.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/audit_rules.h"
#include "stats/moments.h"
#include "stats/quantile.h"

/* A window of work, with what was sampled in it; NaN where the record does not say. */
struct window {
    double samples, s, gpu_w, cpu_w;
    bool on_cpu;
};

static bool window_of(const struct audit_row *row, struct window *w)
{
    yyjson_val *m = audit_member(row->json, "resource_metrics");
    w->samples = audit_number(m, "samples");
    w->s = audit_number(m, "duration_s");
    w->gpu_w = audit_number(m, "gpu_power_mean_watts");
    w->cpu_w = audit_number(m, "cpu_power_mean_watts|cpu_package_power_mean_watts");
    const char *backend = strrchr(audit_text(row->json, "spec.backend"), '-'); /* some say "cuda" of all */
    w->on_cpu = !strcmp(audit_text(row->json, "spec.device"), "cpu") || (backend && !strcmp(backend, "-cpu"));
    return isfinite(w->samples);
}

/* "53.51 W", or a number. */
static double with_unit(yyjson_val *v)
{
    const char *z = yyjson_get_str(v);
    char *end = NULL;
    double d = z ? strtod(z, &end) : yyjson_is_num(v) ? yyjson_get_num(v) : NAN;
    return z && end == z ? NAN : d;
}

/* What the GPU draws while it does nothing: the median over all samples of this result at a utilisation of 0. */
static double idle_power(struct auditing *x, size_t *n)
{
    double *w = arena_alloc(&x->out->arena, (x->in->n_rows + 1) * sizeof *w);
    *n = 0;
    for (size_t i = 0; i < x->in->n_rows; i++) {
        yyjson_val *o = x->in->rows[i].json, *gpu = yyjson_arr_get_first(yyjson_obj_get(o, "gpu"));
        double used = with_unit(gpu ? yyjson_obj_get(gpu, "utilization_gpu")
                                    : yyjson_obj_get(o, "utilization.gpu [%]"));
        double power = with_unit(gpu ? yyjson_obj_get(gpu, "power_draw") : yyjson_obj_get(o, "power.draw [W]"));
        if (used == 0 && isfinite(power))
            w[(*n)++] = power;
    }
    return median(w, *n);
}

void audit_power_windows(struct auditing *x)
{
    size_t n_idle;
    double idle = idle_power(x, &n_idle);
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct audit_points points = AUDIT_POINTS(x);
        double *gpu = arena_alloc(&x->out->arena, (s->n_rows + 1) * sizeof *gpu);
        size_t windows = 0, n_gpu = 0;
        struct window w;
        for (size_t i = 0; i < s->n_rows; i++) {
            if (!window_of(s->rows[i], &w))
                continue;
            windows++;
            if (!w.on_cpu && isfinite(w.gpu_w))
                gpu[n_gpu++] = w.gpu_w;
            if (w.samples < 2)
                audit_add_row(&points, s->rows[i], "%.0f sample in %.3f s: %.2f W", w.samples, w.s, w.gpu_w);
        }
        double mean = moments_mean(gpu, n_gpu);
        const char *below = mean < idle
                                ? arena_printf(&x->out->arena,
                                               " At work on the GPU the windows show %.1f W on average, less than "
                                               "the %.1f W that an idle one draws here (median of %zu samples at 0 "
                                               "%% utilisation).",
                                               mean, idle, n_idle)
                                : "";
        if (points.n)
            audit_find(x, s, &points,
                       "%zu of %zu windows of power have one sample: it is from before or behind the work, "
                       "and no average.%s",
                       points.n, windows, below);
    }
}

void audit_wrong_device(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct audit_points points = AUDIT_POINTS(x);
        size_t on_cpu = 0;
        double sum = 0;
        struct window w;
        for (size_t i = 0; i < s->n_rows; i++) {
            if (!window_of(s->rows[i], &w) || !w.on_cpu)
                continue;
            on_cpu++;
            if (isfinite(w.cpu_w) || !isfinite(w.gpu_w))
                continue;
            sum += w.gpu_w;
            audit_add_row(&points, s->rows[i], "GPU %.2f W, CPU not told", w.gpu_w);
        }
        if (points.n)
            audit_find(
                x, s, &points,
                "%zu of %zu windows of work on the CPU have the power of the GPU alone (%.1f W on average): energy "
                "from it is of the device that did nothing.",
                points.n, on_cpu, sum / (double)points.n);
    }
}

/* series.c: see series.h. */
#include "report/series.h"

#include <math.h>
#include <stdlib.h>

#include "format/json.h"

/* ---- samples: read from the store, once -------------------------------------------------------------------- */

struct reading {
    struct arena *arena;
    struct view_samples *out;
    size_t cap;
};

/* The sum over an array of objects; NaN when it is empty or lacks the key everywhere. */
static double sum_over(yyjson_val *array, const char *key)
{
    double sum = NAN;
    size_t i, max;
    yyjson_val *one;
    yyjson_arr_foreach (array, i, max, one) {
        double v = json_get_double(one, key, NAN);
        sum = isnan(v) ? sum : isnan(sum) ? v : sum + v;
    }
    return sum;
}

/* The keys are those of probe/sampler. */
static int read_sample(void *user, int64_t t_ns, const char *json)
{
    struct reading *r = user;
    struct view_samples *s = r->out;
    yyjson_doc *doc = json_read_z(json);
    yyjson_val *root = yyjson_doc_get_root(doc), *servers = yyjson_obj_get(root, "servers"),
               *gpus = yyjson_obj_get(root, "gpus");
    if (s->n == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 64;
        s->at = arena_grow(r->arena, s->at, r->cap * sizeof *s->at, cap * sizeof *s->at);
        r->cap = cap;
    }
    s->at[s->n++] = (struct view_sample){
        .t_ns = t_ns,
        .host_s = json_get_double(root, "cpu_busy_s", NAN),
        .client_s = json_get_double(root, "client_cpu_s", NAN),
        .servers_s = sum_over(servers, "cpu_s"),
        .client_bytes = json_get_double(root, "client_rss_bytes", NAN),
        .servers_bytes = sum_over(servers, "rss_bytes"),
        .gpu_percent = sum_over(gpus, "util_gpu_percent") / (double)yyjson_arr_size(gpus),
        .gpu_bytes = sum_over(gpus, "memory_used_bytes"),
        .gpu_w = sum_over(gpus, "power_w"),
    };
    s->gpu = s->gpu || yyjson_arr_size(gpus);
    yyjson_doc_free(doc);
    return 0;
}

int report_view_add_samples(struct report_view *v, struct store *s, struct err *e)
{
    v->samples = arena_alloc(&v->arena, (v->n_runs + 1) * sizeof *v->samples);
    for (size_t i = 0; i < v->n_runs; i++) {
        struct reading r = {.arena = &v->arena, .out = &v->samples[i]};
        int rc = store_each_sample(s, v->runs[i].id, read_sample, &r, e);
        if (rc)
            return rc;
    }
    return 0;
}

/* ---- numbers ---------------------------------------------------------------------------------------------- */

static void add_number(struct str *out, size_t i, double v)
{
    if (i)
        str_addc(out, ',');
    if (isfinite(v))
        str_addf(out, "%.4g", v);
    else
        str_addz(out, "null");
}

static void add_array(struct str *out, const char *key, const double *x, size_t n)
{
    str_addf(out, ",\"%s\":[", key);
    for (size_t i = 0; i < n; i++)
        add_number(out, i, x[i]);
    str_addc(out, ']');
}

/* ---- requests --------------------------------------------------------------------------------------------- */

struct steps {
    mono_ns from;
    double step_ns;
    size_t n;
    double flight[SERIES_STEPS], most[SERIES_STEPS], rate[SERIES_STEPS], gap[SERIES_STEPS];
};

static size_t step_at(const struct steps *s, mono_ns t)
{
    double at = (double)(t - s->from) / s->step_ns;
    return at <= 0 ? 0 : at >= (double)(s->n - 1) ? s->n - 1 : (size_t)at;
}

struct change {
    mono_ns t;
    int by;
};

static int by_time(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    return x->t != y->t ? (x->t > y->t) - (x->t < y->t) : x->by - y->by; /* one ends before the next begins */
}

static void spread(struct steps *s, mono_ns from, mono_ns to, double level)
{
    for (size_t i = step_at(s, from), last = step_at(s, to); i <= last; i++) {
        double a = fmax((double)(from - s->from), (double)i * s->step_ns),
               b = i == last ? (double)(to - s->from) : ((double)i + 1) * s->step_ns;
        if (b > a)
            s->flight[i] += level * (b - a) / s->step_ns;
        s->most[i] = fmax(s->most[i], level);
    }
}

static void in_flight(struct steps *s, const struct run *r)
{
    struct change *c = xcalloc(2 * r->n_requests + 1, sizeof *c);
    size_t n = 0;
    double level = 0;
    for (size_t i = 0; i < r->n_requests; i++) {
        const mono_ns *t = r->requests[i].stamp;
        if (t[STAMP_SENT] == MONO_NONE || t[STAMP_DONE] < t[STAMP_SENT])
            continue;
        c[n++] = (struct change){t[STAMP_SENT], 1};
        c[n++] = (struct change){t[STAMP_DONE], -1};
    }
    qsort(c, n, sizeof *c, by_time);
    for (size_t i = 0; i + 1 < n; i++) {
        level += c[i].by;
        spread(s, c[i].t, c[i + 1].t, level);
    }
    free(c);
}

static void chunks_of(struct steps *s, const struct request *q)
{
    const struct chunk_list *l = &q->chunks;
    size_t texts = 0;
    mono_ns last = MONO_NONE;
    for (size_t i = 0; i < l->n; i++)
        texts += l->at[i].text_bytes > 0;
    double tokens = q->usage.completion_tok > 0 ? (double)q->usage.completion_tok / (double)texts : 1;
    for (size_t i = 0; i < l->n; i++) {
        const struct chunk *c = &l->at[i];
        if (!c->text_bytes)
            continue;
        size_t at = step_at(s, c->t_ns);
        s->rate[at] += tokens / s->step_ns * 1e9;
        if (last != MONO_NONE && c->t_ns > last)
            s->gap[at] = fmax(s->gap[at], (double)(c->t_ns - last) / 1e6); /* fmax drops the NaN of no gap */
        last = c->t_ns;
    }
}

/* The window: from the start to the last thing that came; false when nothing was sent. */
static bool window_of(const struct run *r, mono_ns *from, mono_ns *to)
{
    *from = r->started_ns;
    *to = MONO_NONE;
    for (size_t i = 0; i < r->n_requests; i++) {
        const mono_ns *t = r->requests[i].stamp;
        if (t[STAMP_SENT] == MONO_NONE)
            continue;
        *from = *from == MONO_NONE || t[STAMP_SENT] < *from ? t[STAMP_SENT] : *from;
        *to = t[STAMP_DONE] > *to ? t[STAMP_DONE] : *to;
    }
    return *to > *from;
}

static void add_requests(const struct run *r, struct str *out)
{
    struct steps *s = xcalloc(1, sizeof *s);
    mono_ns to;
    window_of(r, &s->from, &to);
    s->n = SERIES_STEPS;
    s->step_ns = (double)(to - s->from) / SERIES_STEPS;
    for (size_t i = 0; i < s->n; i++)
        s->gap[i] = NAN;
    in_flight(s, r);
    for (size_t i = 0; i < r->n_requests; i++)
        chunks_of(s, &r->requests[i]);
    str_addf(out, "\"step_s\":%.6g", s->step_ns / 1e9);
    add_array(out, "flight", s->flight, s->n);
    add_array(out, "most", s->most, s->n);
    add_array(out, "rate", s->rate, s->n);
    add_array(out, "gap", s->gap, s->n);
    free(s);
}

/* ---- samples ---------------------------------------------------------------------------------------------- */

static double per_second(double now, double before, int64_t ns)
{
    return ns > 0 ? (now - before) / ((double)ns / 1e9) : NAN;
}

static void add_samples(const struct view_samples *s, mono_ns from, struct str *out)
{
    enum { T, HOST, CLIENT, SERVERS, CLIENT_MIB, SERVERS_MIB, GPU, GPU_MIB, GPU_W, COLUMNS };
    static const char *const keys[COLUMNS] = {"sample_s",    "host", "client",  "servers", "client_mib",
                                              "servers_mib", "gpu",  "gpu_mib", "gpu_w"};
    double(*x)[SERIES_STEPS] = xcalloc(COLUMNS, sizeof *x), mib = 1024 * 1024;
    size_t n = 0, every = s->n / SERIES_STEPS + 1; /* counters are cumulative: a sample left out loses nothing */
    for (size_t i = every; i < s->n; i += every, n++) {
        const struct view_sample *b = &s->at[i], *a = &s->at[i - every];
        int64_t ns = b->t_ns - a->t_ns;
        x[T][n] = (double)(b->t_ns - from) / 1e9;
        x[HOST][n] = per_second(b->host_s, a->host_s, ns);
        x[CLIENT][n] = per_second(b->client_s, a->client_s, ns);
        x[SERVERS][n] = per_second(b->servers_s, a->servers_s, ns);
        x[CLIENT_MIB][n] = b->client_bytes / mib;
        x[SERVERS_MIB][n] = b->servers_bytes / mib;
        x[GPU][n] = b->gpu_percent;
        x[GPU_MIB][n] = b->gpu_bytes / mib;
        x[GPU_W][n] = b->gpu_w;
    }
    for (int k = 0; k < (s->gpu ? COLUMNS : GPU); k++)
        add_array(out, keys[k], x[k], n);
    free(x);
}

/* ---- all -------------------------------------------------------------------------------------------------- */

size_t series_runs(const struct report_view *v, const struct run *out[SERIES_RUNS])
{
    size_t n = 0;
    mono_ns from, to;
    for (size_t i = 0; i < v->n_runs && n < SERIES_RUNS; i++)
        if (window_of(&v->runs[i], &from, &to))
            out[n++] = &v->runs[i];
    return n;
}

void series_json(const struct report_view *v, const struct run *const *runs, size_t n, struct str *out)
{
    str_addc(out, '[');
    for (size_t i = 0; i < n; i++) {
        mono_ns from, to;
        str_addz(out, i ? ",\n{" : "{");
        add_requests(runs[i], out);
        window_of(runs[i], &from, &to);
        if (v->samples)
            add_samples(&v->samples[runs[i] - v->runs], from, out);
        str_addc(out, '}');
    }
    str_addc(out, ']');
}

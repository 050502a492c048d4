/* benchstat.c: see benchstat.h. The format: golang.org/design/14313-benchmark-format, and benchfmt of golang.org/x/perf. */
#include "exchange/benchstat.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "record/metric.h"
#include "record/verdict.h"

static const char *const ids[] = {"ttft",        "ttft.planned",     "tpot",     "e2e",
                                  "e2e.planned", "session.duration", "makespan", "output_rate.system"};
enum { IDS = sizeof ids / sizeof ids[0] };

/* ns in one of the unit; 0: not a time. */
static double in_ns(const char *unit)
{
    return !strcmp(unit, "s") ? 1e9 : !strcmp(unit, "ms") ? 1e6 : !strcmp(unit, "us") ? 1e3 : 0;
}

static const char *unit_of(const struct metric *m)
{
    return in_ns(m->unit) > 0 ? "ns" : m->unit;
}

/* In a name a space would end it, and a slash begin another part. */
static void put_name(const char *name, FILE *out)
{
    for (; *name; name++)
        fputc(isspace((unsigned char)*name) || iscntrl((unsigned char)*name) || *name == '/' ? '_' : *name, out);
}

static void put_run(const struct run *r, FILE *out)
{
    struct run_counts counts = run_count(r);
    bool any = false;
    for (int i = 0; i < IDS; i++) {
        const struct metric *m = metric_find(ids[i]);
        double value = run_median_of(r, m), ns = in_ns(m->unit);
        if (!isfinite(value))
            continue;
        if (!any) {
            fputs("BenchmarkRun/arm=", out);
            put_name(r->arm, out);
            fprintf(out, "-1 %lld",
                    (long long)counts.completed); /* -1: else "-8" of "c-8" would be taken for GOMAXPROCS */
        }
        fprintf(out, " %.9g %s-%s", ns > 0 ? value * ns : value, m->id, unit_of(m));
        any = true;
    }
    if (any)
        fputc('\n', out);
}

static bool is_chosen(const struct run *run, const struct run *chosen, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (chosen[i].id == run->id)
            return true;
    return false;
}

int export_benchstat(struct store *s, const struct run *chosen, size_t n_chosen, FILE *out, struct err *e)
{
    struct arena arena = {0};
    struct run *runs = NULL;
    size_t n = 0;
    int rc = store_runs(s, 0, &arena, &runs, &n, e);
    for (int i = 0; i < IDS && !rc; i++) {
        const struct metric *m = metric_find(ids[i]);
        fprintf(out, "Unit %s-%s better=%s\n", m->id, unit_of(m), metric_better_word(m->better));
    }
    for (size_t i = 0; i < n; i++)
        if (run_is_counted(&runs[i]) && is_chosen(&runs[i], chosen, n_chosen))
            put_run(&runs[i], out);
    if (!rc && (fflush(out) != 0 || ferror(out)))
        rc = err_sys(e, ERR_IO, errno, "cannot write the export");
    store_runs_release(runs, n);
    arena_release(&arena);
    return rc;
}

/* Do our statistics keep what they promise? Simulated studies of a server whose truth is known: one server, first come,
 * first served, Poisson arrivals, lognormal service of mean 1 ms (M/G/1) at loads 0.3, 0.6 and 0.9. Every run begins in the
 * stationary state. Seeded: the same numbers on every machine with the same libm. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/load.h"
#include "base/err.h"
#include "base/rng.h"
#include "stats/compare.h"
#include "stats/dist.h"
#include "stats/paired.h"
#include "stats/quantile.h"
#include "stats/rank.h"
#include "stats/series.h"

#define SEED 20261121
#define SIGMA 0.8 /* of the logarithm: a coefficient of variation of 0.95 */
#define P 0.99

static const double loads[] = {0.3, 0.6, 0.9};
enum { LOADS = 3 };

/* ---- the server ---------------------------------------------------------------------------------------------- */

/* Box and Muller 1958. */
static double normal(struct rng *r)
{
    double u = 1 - rng_double(r), v = rng_double(r);
    return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v);
}

static double service(struct rng *r)
{
    return exp(SIGMA * normal(r) - SIGMA * SIGMA / 2);
}

/* The stationary wait, drawn exactly (Pollaczek and Khinchine): a geometric number of residual services, each a uniform
 * part of a service that was drawn with weight by its length (for a lognormal law: longer by the factor exp(sigma^2)). */
static double stationary_wait(struct rng *r, double load)
{
    double wait = 0;
    while (rng_double(r) < load)
        wait += rng_double(r) * exp(SIGMA * SIGMA) * service(r);
    return wait;
}

struct queue {
    struct rng gaps, work;
    double load;
    double now_ms, free_ms; /* of the last arrival; when the server will be free */
};

static struct rng stream(const char *what, double load, size_t number)
{
    char purpose[64];
    snprintf(purpose, sizeof purpose, "%s %.1f %zu", what, load, number);
    return rng_stream(SEED, purpose);
}

/* Queues of one number have the same arrivals; `who` works on them at its own times. */
static struct queue queue_start(double load, const char *who, size_t number)
{
    struct queue q = {stream("gaps", load, number), stream(who, load, number), load, 0, 0};
    q.free_ms = stationary_wait(&q.work, load);
    return q;
}

/* The next request's wait; it is done at q->free_ms. */
static double queue_next(struct queue *q)
{
    q->now_ms -= log(1 - rng_double(&q->gaps)) / q->load;
    double begin = fmax(q->now_ms, q->free_ms);
    q->free_ms = begin + service(&q->work);
    return begin - q->now_ms;
}

/* ---- shares ---------------------------------------------------------------------------------------------------- */

struct share {
    size_t part, of;
};

static double percent(struct share s)
{
    return s.of ? 100 * (double)s.part / (double)s.of : NAN;
}

static void add(struct share *to, struct share s)
{
    to->part += s.part;
    to->of += s.of;
}

/* With the interval of Clopper and Pearson 1934, 95 %. */
static void print_share(struct share s)
{
    double k = (double)s.part, n = (double)s.of;
    double lo = s.part ? dist_betainc_inv(0.025, k, n - k + 1) : 0;
    double hi = s.part < s.of ? dist_betainc_inv(0.975, k + 1, n - k) : 1;
    printf(" %.1f %% (%.1f to %.1f)", percent(s), 100 * lo, 100 * hi);
}

static void print_line(const char *what, struct share s, const char *target)
{
    printf("- %s:", what);
    print_share(s);
    printf(" of %zu%s\n", s.of, target);
}

/* ---- two equal arms -------------------------------------------------------------------------------------------- */

enum { STUDIES = 1000, BLOCKS = 10, REQUESTS = 500, POOLED = BLOCKS * REQUESTS, TESTS = 5 };
#define ALPHA 0.05

static const char *const test_names[TESTS] = {
    "runs, p50: signed ranks",       "runs, p99: signed ranks",  "runs, p50: paired t",
    "pooled requests: Mann-Whitney", "pooled requests: Welch t",
};

struct arm {
    double p50[BLOCKS], p99[BLOCKS]; /* of each run's end-to-end latencies */
    double pooled[POOLED];
};

static void arm_run(struct arm *a, size_t block, struct queue q)
{
    double sorted[REQUESTS], *x = a->pooled + block * REQUESTS;
    for (size_t i = 0; i < REQUESTS; i++) {
        (void)queue_next(&q);
        x[i] = q.free_ms - q.now_ms;
    }
    memcpy(sorted, x, sizeof sorted);
    quantile_sort(sorted, REQUESTS);
    a->p50[block] = quantile_hf7(sorted, REQUESTS, 0.5);
    a->p99[block] = quantile_hf(sorted, REQUESTS, P, 1);
}

static double shift_p(const double *x, const double *y)
{
    double d[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++)
        d[i] = y[i] - x[i];
    return paired_shift(d, BLOCKS, 1 - ALPHA).p;
}

static void study(struct arm *a, struct arm *b, double load, size_t number, struct share *alarms)
{
    for (size_t block = 0; block < BLOCKS; block++) {
        arm_run(a, block, queue_start(load, "a", number * BLOCKS + block));
        arm_run(b, block, queue_start(load, "b", number * BLOCKS + block));
    }
    const double p[TESTS] = {
        shift_p(a->p50, b->p50),
        shift_p(a->p99, b->p99),
        compare_paired(a->p50, b->p50, BLOCKS, 1 - ALPHA).p,
        rank_mann_whitney(a->pooled, POOLED, b->pooled, POOLED).p_normal,
        compare_welch(a->pooled, POOLED, b->pooled, POOLED, 1 - ALPHA).p,
    };
    for (size_t i = 0; i < TESTS; i++)
        add(&alarms[i], (struct share){p[i] <= ALPHA, 1});
}

static void false_alarms(void)
{
    struct arm *a = xmalloc(sizeof *a), *b = xmalloc(sizeof *b);
    struct share alarms[LOADS][TESTS] = {0};
    printf("False alarms: %d studies of two equal arms, %d blocks, %d requests a run; target 3 to 7 %% for runs\n\n",
           STUDIES, BLOCKS, REQUESTS);
    for (size_t k = 0; k < LOADS; k++)
        for (size_t i = 0; i < STUDIES; i++)
            study(a, b, loads[k], i, alarms[k]);
    puts("| test at 0.05 | load 0.3 | load 0.6 | load 0.9 |\n|---|---|---|---|");
    for (size_t i = 0; i < TESTS; i++) {
        printf("| %s |", test_names[i]);
        for (size_t k = 0; k < LOADS; k++) {
            print_share(alarms[k][i]);
            printf(" |");
        }
        putchar('\n');
    }
    free(a);
    free(b);
}

/* ---- intervals of one run's p99 -------------------------------------------------------------------------------- */

static const struct {
    size_t n, runs;
} lengths[] = {{1000, 1000}, {4000, 500}, {16000, 200}, {64000, 100}, {256000, 50}};
enum { LENGTHS = 5, LONGEST = 256000, GEYER_LONGEST = 16000, STATES = TAIL_UNRESOLVED + 1 };
#define ENOUGH 50 /* effective exceedances: longer runs would only be surer */

static double true_p99(double load)
{
    enum { DRAWS = 2000000 };
    struct rng r = stream("truth", load, 0);
    double *x = xmalloc(DRAWS * sizeof *x);
    for (size_t i = 0; i < DRAWS; i++)
        x[i] = stationary_wait(&r, load);
    quantile_sort(x, DRAWS);
    double q = quantile_hf(x, DRAWS, P, 1);
    free(x);
    return q;
}

struct workshop {
    struct request *requests; /* LONGEST of each */
    double *wait, *sorted;
};

struct cell { /* one load, one length */
    size_t n, runs;
    struct share covered[STATES]; /* intervals that hold the truth, of those with that verdict */
    double off_sq;                /* sum over the runs of (share above the true p99 - 0.01)^2 */
    struct share few;             /* UNRESOLVED, of runs with effective exceedances below 3 by autocorrelation */
};

/* n (1 - p) / D with D from the runs' own variance: what a run of this length is worth. */
static double true_m(const struct cell *c)
{
    double inflation = c->off_sq / (double)c->runs * (double)c->n / (P * (1 - P));
    return (double)c->n * (1 - P) / fmax(inflation, 1);
}

static mono_ns ns(double ms)
{
    return (mono_ns)(ms * 1e6);
}

/* One run through the record and analysis/load, as the product has it. */
static void simulate(struct workshop *w, struct queue *q, size_t n, struct load_run *out)
{
    struct session s = {.agent = "load", .server = "toy", .ok = true};
    for (size_t i = 0; i < n; i++) {
        mono_ns *stamp = w->requests[i].stamp;
        w->wait[i] = queue_next(q);
        stamp[STAMP_PLANNED] = stamp[STAMP_SENT] = ns(q->now_ms);
        stamp[STAMP_FIRST_TOKEN] = ns(q->now_ms + w->wait[i]);
        stamp[STAMP_LAST_TOKEN] = stamp[STAMP_DONE] = ns(q->free_ms);
    }
    s.ended_ns = ns(q->free_ms);
    struct run r = {.state = RUN_COMPLETE, .sessions = &s, .n_sessions = 1, .requests = w->requests, .n_requests = n};
    load_of_run(&r, out);
}

static void one_run(struct workshop *w, struct queue q, double truth, struct cell *c)
{
    struct load_run l;
    size_t above = 0;
    simulate(w, &q, c->n, &l);
    const struct load_tail *t = &l.latency[0].tail[LOAD_TAILS - 1]; /* ttft: here, the wait */
    c->runs++;
    add(&c->covered[t->state], (struct share){t->lo <= truth && truth <= t->hi, 1});
    for (size_t i = 0; i < c->n; i++)
        above += w->wait[i] > truth;
    c->off_sq += pow((double)above / (double)c->n - (1 - P), 2);
    if (c->n > GEYER_LONGEST)
        return;
    memcpy(w->sorted, w->wait, c->n * sizeof *w->wait);
    quantile_sort(w->sorted, c->n);
    if (series_exceedance(w->wait, w->sorted, c->n, P).m < LOAD_M_WEAK)
        add(&c->few, (struct share){t->state == TAIL_UNRESOLVED, 1});
}

static void print_cell(double load, const struct cell *c)
{
    printf("| %.1f | %zu | %zu | %.1f |", load, c->n, c->runs, true_m(c));
    for (int s = 0; s < STATES; s++) {
        printf(" %.0f %%", percent((struct share){c->covered[s].of, c->runs}));
        if (c->covered[s].of)
            printf(", %.0f", percent(c->covered[s]));
        printf(" |");
    }
    putchar('\n');
}

struct summary {
    struct share ok[LOADS], few, few_truly;
    double worst; /* % of the runs of one cell that were OK and missed the truth */
};

static void summarise(struct summary *s, size_t load, const struct cell *c)
{
    const struct share *ok = &c->covered[TAIL_OK];
    add(&s->ok[load], *ok);
    add(&s->few, c->few);
    if (true_m(c) < LOAD_M_WEAK)
        add(&s->few_truly, (struct share){c->covered[TAIL_UNRESOLVED].of, c->runs});
    s->worst = fmax(s->worst, percent((struct share){ok->of - ok->part, c->runs}));
}

static void tails(struct workshop *w)
{
    static const char *const names[LOADS] = {"OK and holds the true p99, load 0.3", "load 0.6", "load 0.9"};
    struct summary s = {0};
    puts("\np99 of the wait within one run: how often each verdict, and how often the interval then holds the truth\n");
    puts("| load | requests | runs | worth (m) | OK | WEAK | UNRESOLVED |\n|---|---|---|---|---|---|---|");
    for (size_t k = 0; k < LOADS; k++) {
        double truth = true_p99(loads[k]);
        for (size_t i = 0; i < LENGTHS; i++) {
            struct cell c = {.n = lengths[i].n};
            for (size_t run = 0; run < lengths[i].runs; run++)
                one_run(w, queue_start(loads[k], "tail", 1000 * lengths[i].n + run), truth, &c);
            print_cell(loads[k], &c);
            summarise(&s, k, &c);
            if (true_m(&c) > ENOUGH)
                break;
        }
    }
    putchar('\n');
    for (size_t k = 0; k < LOADS; k++)
        print_line(names[k], s.ok[k], "; target at least 90");
    print_line("UNRESOLVED when the autocorrelation of the run shows below 3 effective exceedances", s.few,
               "; target at least 80");
    print_line("UNRESOLVED when runs of that length are worth below 3", s.few_truly, "");
    printf("- OK and wrong at the worst load and length: %.1f %% of the runs\n", s.worst);
}

int main(void)
{
    struct workshop w = {xcalloc(LONGEST, sizeof *w.requests), xmalloc(LONGEST * sizeof *w.wait),
                         xmalloc(LONGEST * sizeof *w.sorted)};
    for (size_t i = 0; i < LONGEST; i++) {
        request_init(&w.requests[i]);
        w.requests[i].seq = (int64_t)i;
    }
    false_alarms();
    tails(&w);
    free(w.requests);
    free(w.wait);
    free(w.sorted);
    return 0;
}

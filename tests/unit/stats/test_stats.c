/* The functions of src/stats against the reference vectors of tests/vectors (NIST StRD, R, SciPy), each with
 * the tolerance that stands in the vector, and their edges. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "format/json.h"
#include "stats/dist.h"
#include "stats/gof.h"
#include "stats/interval.h"
#include "stats/moments.h"
#include "stats/proportion.h"
#include "stats/quantile.h"
#include "stats/steady.h"
#include "stats/survival.h"

struct numbers {
    double *at;
    size_t n;
};

static double number(yyjson_val *v)
{
    return yyjson_get_num(v);
}

static yyjson_val *root(yyjson_doc *doc)
{
    return yyjson_doc_get_root(doc);
}

static struct numbers from_array(yyjson_val *array)
{
    struct numbers x = {xcalloc(yyjson_arr_size(array) + 1, sizeof *x.at), 0};
    size_t i, max;
    yyjson_val *v;
    yyjson_arr_foreach (array, i, max, v) {
        x.at[x.n++] = number(v);
    }
    return x;
}

/* "first=A then (B,C) repeated K times" or "i mod K for i=0..LAST" */
static struct numbers from_pattern(yyjson_val *p)
{
    unsigned cycle, last;
    if (sscanf(yyjson_get_str(yyjson_obj_get(p, "pattern")), "i mod %u for i=0..%u", &cycle, &last) == 2) {
        struct numbers x = {xcalloc(last + 1, sizeof *x.at), last + 1};
        for (unsigned i = 0; i <= last; i++)
            x.at[i] = i % cycle;
        return x;
    }
    size_t n = (size_t)yyjson_get_uint(yyjson_obj_get(p, "n"));
    double first, even, odd;
    assert_int_equal(
        sscanf(yyjson_get_str(yyjson_obj_get(p, "pattern")), "first=%lf then (%lf,%lf)", &first, &even, &odd), 3);
    struct numbers x = {xcalloc(n, sizeof *x.at), n};
    for (size_t i = 0; i < n; i++)
        x.at[i] = !i ? first : i % 2 ? even : odd;
    return x;
}

static struct numbers numbers_of(yyjson_doc *doc, yyjson_val *v)
{
    if (yyjson_is_str(v))
        v = yyjson_obj_get(yyjson_obj_get(root(doc), "datasets"), yyjson_get_str(v));
    return yyjson_is_obj(v) ? from_pattern(v) : from_array(v);
}

static void check(yyjson_val *vector, const char *what, double got, double want)
{
    yyjson_val *tol = yyjson_obj_get(vector, "tol");
    double rel = number(yyjson_obj_get(tol, "rel")), abs_tol = number(yyjson_obj_get(tol, "abs"));
    if (!(fabs(got - want) <= fmax(abs_tol, rel * fabs(want))))
        fail_msg("%s %s: got %.17g, want %.17g", yyjson_get_str(yyjson_obj_get(vector, "id")), what, got, want);
}

static yyjson_val *in(yyjson_val *vector, const char *key)
{
    return yyjson_obj_get(yyjson_obj_get(vector, "in"), key);
}

static double out(yyjson_val *vector, const char *key)
{
    return number(yyjson_obj_get(yyjson_obj_get(vector, "out"), key));
}

static double in_number(yyjson_val *vector, const char *key)
{
    return number(in(vector, key));
}

static void check_proportion(yyjson_doc *doc, yyjson_val *v)
{
    static const struct {
        const char *name;
        struct interval (*of)(size_t k, size_t n, double confidence);
    } kinds[] = {{"wilson", proportion_wilson},
                 {"clopper_pearson", proportion_clopper_pearson},
                 {"jeffreys", proportion_jeffreys}};
    (void)doc;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct numbers want = from_array(yyjson_obj_get(yyjson_obj_get(v, "out"), kinds[i].name));
        struct interval got = kinds[i].of((size_t)in_number(v, "k"), (size_t)in_number(v, "n"), in_number(v, "conf"));
        check(v, kinds[i].name, got.lo, want.at[0]);
        check(v, kinds[i].name, got.hi, want.at[1]);
        free(want.at);
    }
}

static void check_survival(yyjson_doc *doc, yyjson_val *v)
{
    (void)doc;
    yyjson_val *want = yyjson_obj_get(v, "out");
    struct numbers t = from_array(in(v, "time")), ended = from_array(in(v, "event_1_completed_0_censored")),
                   times = from_array(yyjson_obj_get(want, "times")), surv = from_array(yyjson_obj_get(want, "surv"));
    struct survival_time x[32];
    struct survival_point curve[32];
    assert_true(t.n <= 32);
    for (size_t i = 0; i < t.n; i++) /* the other way round: the order is not the caller's business */
        x[t.n - 1 - i] = (struct survival_time){t.at[i], ended.at[i] != 0};
    assert_int_equal(survival_curve(x, t.n, curve), times.n);
    for (size_t i = 0; i < times.n; i++) {
        check(v, "time", curve[i].t, times.at[i]);
        check(v, "share", curve[i].share, surv.at[i]);
    }
    check(v, "median", survival_quantile(curve, times.n, 0.5), out(v, "median"));
    check(v, "q0.75", survival_quantile(curve, times.n, 0.75), out(v, "q0.75"));
    assert_string_equal(yyjson_get_str(yyjson_obj_get(want, "q0.9")), "inf");
    assert_true(isinf(survival_quantile(curve, times.n, 0.9)));
    free(t.at);
    free(ended.at);
    free(times.at);
    free(surv.at);
}

static void check_littles_law(yyjson_doc *doc, yyjson_val *v)
{
    (void)doc;
    check(v, "mean_in_flight", steady_in_flight(in_number(v, "throughput_per_s"), in_number(v, "mean_latency_s")),
          out(v, "mean_in_flight"));
}

static void check_moments(yyjson_doc *doc, yyjson_val *v)
{
    struct numbers x = numbers_of(doc, in(v, in(v, "data") ? "data" : "x"));
    check(v, "mean", moments_mean(x.at, x.n), out(v, "mean"));
    check(v, "sd", moments_sd(x.at, x.n), out(v, "sd"));
    free(x.at);
}

static void check_quantile(yyjson_doc *doc, yyjson_val *v)
{
    struct numbers x = numbers_of(doc, in(v, "data")), p = from_array(in(v, "p"));
    struct numbers q = from_array(yyjson_obj_get(yyjson_obj_get(v, "out"), "q"));
    quantile_sort(x.at, x.n);
    for (size_t i = 0; i < p.n; i++)
        check(v, "q", quantile_hf7(x.at, x.n, p.at[i]), q.at[i]);
    free(x.at);
    free(p.at);
    free(q.at);
}

static void check_mean_ci(yyjson_doc *doc, yyjson_val *v)
{
    struct numbers x = numbers_of(doc, in(v, "data"));
    struct interval i = interval_mean(x.at, x.n, in_number(v, "conf"));
    check(v, "lo", i.lo, out(v, "lo"));
    check(v, "hi", i.hi, out(v, "hi"));
    free(x.at);
}

static void check_ratio(yyjson_doc *doc, yyjson_val *v)
{
    struct numbers x = numbers_of(doc, in(v, "num")), y = numbers_of(doc, in(v, "den"));
    struct interval i = interval_ratio(x.at, y.at, x.n, in_number(v, "conf"));
    check(v, "ratio", i.estimate, out(v, "ratio"));
    check(v, "lo", i.lo, out(v, "lo"));
    check(v, "hi", i.hi, out(v, "hi"));
    free(x.at);
    free(y.at);
}

static void check_t(yyjson_doc *doc, yyjson_val *v)
{
    (void)doc;
    check(v, "t", dist_t_quantile(in_number(v, "p"), in_number(v, "df")), out(v, "t"));
}

static void check_betainc(yyjson_doc *doc, yyjson_val *v)
{
    (void)doc;
    check(v, "I", dist_betainc(in_number(v, "x"), in_number(v, "a"), in_number(v, "b")), out(v, "I"));
}

static void check_betaincinv(yyjson_doc *doc, yyjson_val *v)
{
    (void)doc;
    check(v, "x", dist_betainc_inv(in_number(v, "p"), in_number(v, "a"), in_number(v, "b")), out(v, "x"));
}

static void check_gamma(yyjson_doc *doc, yyjson_val *v)
{
    (void)doc;
    check(v, "p", dist_gamma_p(in_number(v, "a"), in_number(v, "x")), out(v, "p"));
    check(v, "q", dist_gamma_q(in_number(v, "a"), in_number(v, "x")), out(v, "q"));
}

static void check_ks(yyjson_doc *doc, yyjson_val *v)
{
    (void)doc;
    check(v, "p", gof_ks_p(in_number(v, "d"), (size_t)in_number(v, "n")), out(v, "p"));
}

static void check_dispersion(yyjson_doc *doc, yyjson_val *v)
{
    struct numbers x = numbers_of(doc, in(v, "counts"));
    struct gof_dispersion g = gof_dispersion(x.at, x.n);
    check(v, "index", g.index, out(v, "index_of_dispersion"));
    check(v, "chi2", g.chi2, out(v, "chi2"));
    check(v, "p_upper", g.p_upper, out(v, "p_upper"));
    check(v, "p", g.p, 2 * fmin(out(v, "p_upper"), 1 - out(v, "p_upper")));
    free(x.at);
}

static void check_arrivals(yyjson_doc *doc, yyjson_val *v)
{
    struct numbers x = numbers_of(doc, in(v, "interarrivals"));
    double mean = moments_mean(x.at, x.n), sd = moments_sd(x.at, x.n);
    check(v, "cv2", sd * sd / (mean * mean), out(v, "cv2"));
    quantile_sort(x.at, x.n);
    for (size_t i = 0; i < x.n; i++)
        x.at[i] = -expm1(-10 * x.at[i]);
    double d = gof_ks_d(x.at, x.at, x.n);
    check(v, "D", d, out(v, "ks_D_exp_rate10"));
    check(v, "p", gof_ks_p(d, x.n), out(v, "ks_p_exp_rate10"));
    free(x.at);
}

static void check_acf1(yyjson_doc *doc, yyjson_val *v)
{
    struct numbers x = numbers_of(doc, in(v, "data"));
    struct gof_acf1 g = gof_acf1(x.at, x.n);
    check(v, "r", g.r, out(v, "r"));
    check(v, "lo", g.lo, out(v, "lo"));
    check(v, "hi", g.hi, 2 * out(v, "r") - out(v, "lo"));
    check(v, "p", g.p, out(v, "p"));
    free(x.at);
}

static void check_mser5(yyjson_doc *doc, yyjson_val *v)
{
    struct numbers x = numbers_of(doc, in(v, "data"));
    struct steady_mser s = steady_mser5(x.at, x.n);
    yyjson_val *statistics = yyjson_obj_get(yyjson_obj_get(v, "out"), "mser");
    assert_int_equal(s.truncate, out(v, "truncate_points"));
    assert_int_equal(s.settled, s.truncate / 5 + 1 < yyjson_arr_size(statistics)); /* the list ends at m / 2 */
    check(v, "mser", s.statistic, number(yyjson_arr_get(statistics, s.truncate / 5)));
    free(x.at);
}

static void check_batch_means(yyjson_doc *doc, yyjson_val *v)
{
    struct numbers x = numbers_of(doc, in(v, "data"));
    size_t batch = (size_t)in_number(v, "batch"), batches = x.n / batch;
    struct interval i = steady_batch_means(x.at, batches * batch, batches, 0.95);
    check(v, "mean", i.estimate, out(v, "mean"));
    check(v, "se", (i.hi - i.lo) / 2 / dist_t_quantile(0.975, (double)batches - 1), out(v, "se"));
    assert_int_equal(i.n, out(v, "n_batches"));
    free(x.at);
}

static void check_section(yyjson_doc *doc, yyjson_val *v)
{
    struct numbers x = numbers_of(doc, in(v, in(v, "data") ? "data" : "x"));
    double *sorted = xcalloc(x.n, sizeof *sorted);
    memcpy(sorted, x.at, x.n * sizeof *sorted);
    quantile_sort(sorted, x.n);
    struct steady_section s = steady_section_quantile(x.at, sorted, x.n, in_number(v, "p"),
                                                      (size_t)in_number(v, "sections"), 0.95);
    check(v, "q", s.q, out(v, "q"));
    check(v, "lo", s.lo, out(v, "lo"));
    check(v, "hi", s.hi, out(v, "hi"));
    check(v, "half width", s.half_p, out(v, "half_width_in_p"));
    check(v, "inflation", s.inflation, out(v, "variance_inflation"));
    check(v, "m", s.m, out(v, "m_effective"));
    free(sorted);
    free(x.at);
}

static const struct {
    const char *fn;
    void (*check)(yyjson_doc *doc, yyjson_val *vector);
} checks[] = {
    {"proportion_ci", check_proportion},
    {"kaplan_meier", check_survival},
    {"littles_law", check_littles_law},
    {"moments", check_moments},
    {"quantile", check_quantile},
    {"mean_ci", check_mean_ci},
    {"t_ppf", check_t},
    {"geomean_ratio_ci", check_ratio},
    {"betainc", check_betainc},
    {"betaincinv", check_betaincinv},
    {"gamma_law", check_gamma},
    {"ks_p", check_ks},
    {"dispersion_test", check_dispersion},
    {"arrival_check", check_arrivals},
    {"acf1", check_acf1},
    {"mser5", check_mser5},
    {"batch_means", check_batch_means},
    {"section_quantile_ci", check_section},
};

static void every_vector(void **state)
{
    (void)state;
    struct str text = STR_INIT;
    struct err e = ERR_INIT;
    assert_int_equal(file_read(TESTS_DIR "/vectors/stat-vectors.json", 1 << 20, &text, &e), 0);
    yyjson_doc *doc = json_read(text.at, text.len, NULL, &e);
    assert_non_null(doc);
    size_t i, max, done = 0;
    yyjson_val *v;
    yyjson_arr_foreach (yyjson_obj_get(root(doc), "vectors"), i, max, v) {
        for (size_t k = 0; k < sizeof checks / sizeof checks[0]; k++)
            if (!strcmp(yyjson_get_str(yyjson_obj_get(v, "fn")), checks[k].fn)) {
                checks[k].check(doc, v);
                done++;
            }
    }
    assert_int_equal(done, max);
    assert_true(done >= 58);
    yyjson_doc_free(doc);
    str_release(&text);
}

static void edges(void **state)
{
    (void)state;
    double one[] = {3}, two[] = {4, 1}, bad[] = {1, -1, 2};
    assert_true(isnan(moments_mean(one, 0)) && isnan(moments_sd(one, 1)) && isnan(quantile_hf7(one, 0, 0.5)));
    assert_true(moments_mean(one, 1) == 3 && median(one, 1) == 3 && median(two, 2) == 2.5);
    struct interval i = interval_mean(one, 1, 0.95);
    assert_true(i.estimate == 3 && isnan(i.lo) && isnan(i.hi) && i.n == 1);
    i = interval_ratio(one, NULL, 1, 0.95);
    assert_true(fabs(i.estimate - 3) < 1e-15 && isnan(i.lo));
    i = interval_ratio(bad, NULL, 3, 0.95);
    assert_true(isnan(i.estimate) && isnan(i.lo) && isnan(i.hi));
    assert_true(isnan(interval_ratio(one, NULL, 0, 0.95).estimate));
    double equal[] = {499.9, 499.9, 499.9};
    i = interval_ratio(equal, NULL, 3, 0.95);
    assert_true(i.estimate == 499.9 && i.lo == 499.9 && i.hi == 499.9);
}

static void a_share_has_ends_and_may_not_be(void **state)
{
    (void)state;
    struct interval (*const all[])(size_t k, size_t n, double c) = {proportion_wilson, proportion_clopper_pearson,
                                                                    proportion_jeffreys};
    for (size_t f = 0; f < 3; f++) {
        assert_true(isnan(all[f](0, 0, 0.95).lo) && isnan(all[f](2, 1, 0.95).hi));
        for (size_t k = 0; k <= 7; k++) {
            struct interval i = all[f](k, 7, 0.9), mirror = all[f](7 - k, 7, 0.9);
            assert_true(i.n == 7 && i.lo >= 0 && i.lo < i.hi && i.hi <= 1);
            assert_true(fabs(i.lo + mirror.hi - 1) < 1e-9); /* what is not so has the mirrored interval */
            assert_true(all[f](k, 7, 0.99).hi >= i.hi && all[f](k, 7, 0.99).lo <= i.lo);
        }
    }
    for (size_t n = 1; n < 300; n++)
        assert_true(proportion_wilson(0, n, 0.95).lo == 0 && proportion_wilson(n, n, 0.95).hi == 1);
    assert_true(proportion_clopper_pearson(0, 9, 0.95).lo == 0 && proportion_jeffreys(0, 9, 0.95).lo > 0);
}

/* n values 1 … n in an order that a multiplication mixes; n + 1 is a prime. */
static void mixed_times(struct survival_time *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (struct survival_time){(double)((i + 1) * 37 % (n + 1)), true};
}

static struct steady_section sectioned(const struct survival_time *x, size_t n, double p)
{
    struct survival_time sorted[256];
    struct survival_point curve[256];
    memcpy(sorted, x, n * sizeof *x);
    size_t points = survival_curve(sorted, n, curve);
    return survival_section_quantile(x, n, curve, points, p, 10, 0.95);
}

static void nothing_cut_off_changes_nothing(void **state)
{
    (void)state;
    struct survival_time x[250];
    double plain[250], sorted[250];
    mixed_times(x, 250);
    for (size_t i = 0; i < 250; i++)
        sorted[i] = plain[i] = x[i].t;
    quantile_sort(sorted, 250);
    for (int k = 1; k < 100; k++) {
        struct steady_section a = sectioned(x, 250, k / 100.0),
                              b = steady_section_quantile(plain, sorted, 250, k / 100.0, 10, 0.95);
        assert_true(a.q == b.q && a.lo == b.lo && a.hi == b.hi && a.half_p == b.half_p && a.m == b.m);
    }
}

static void what_is_cut_off_goes_to_the_right(void **state)
{
    (void)state;
    struct survival_time x[250];
    struct steady_section all, cut;
    mixed_times(x, 250);
    all = sectioned(x, 250, 0.9);
    for (size_t i = 0; i < 250; i++) /* cut off at 240: nothing below is touched */
        x[i] = x[i].t > 240 ? (struct survival_time){240, false} : x[i];
    cut = sectioned(x, 250, 0.9);
    assert_true(cut.q == 225 && cut.q == all.q && cut.lo == all.lo && cut.m == all.m && cut.inflation == all.inflation);
    cut = sectioned(x, 250, 0.99); /* rank 248 was not seen; ten of 250 were cut off and all count as beyond */
    assert_true(isinf(cut.q) && isinf(cut.hi) && fabs(cut.m - 10 / fmax(1, cut.inflation)) < 1e-9);
    assert_true(isinf(cut.lo)); /* and that p99 is beyond is firm */
    cut = sectioned(x, 250, 0.961);
    assert_true(isinf(cut.q) && cut.lo > 230 && cut.lo <= 240);
    for (size_t i = 0; i < 250; i++)
        x[i].ended = false;
    cut = sectioned(x, 250, 0.5); /* nothing ended: firm that the median is beyond */
    assert_true(isinf(cut.q) && isinf(cut.lo) && isinf(cut.hi) && cut.m == 250 && cut.half_p == 0);
    /* one is cut off at 1 and the rest ends at 2 … 10: its share goes to each of the later ones alike */
    for (size_t i = 0; i < 10; i++)
        x[i] = (struct survival_time){(double)i + 1, i > 0};
    cut = sectioned(x, 10, 0.5);
    assert_true(cut.q == 6 && fabs(cut.inflation - (4 + 16.0 / 81 - 10 * 4.0 / 9 * 4 / 9) / 9 / 0.25) < 1e-9);
    assert_true(isnan(sectioned(x, 9, 0.5).q) && isnan(sectioned(x, 10, 1).q));
}

static void t_is_symmetric_and_exact_at_one_degree(void **state)
{
    (void)state;
    for (double p = 0.01; p < 1; p += 0.01) { /* df 1 is Cauchy: t = tan(pi (p - 1/2)) */
        double want = tan(3.14159265358979323846 * (p - 0.5));
        assert_true(fabs(dist_t_quantile(p, 1) - want) <= 1e-11 * (1 + fabs(want)));
        assert_true(fabs(dist_t_quantile(p, 7.5) + dist_t_quantile(1 - p, 7.5)) < 1e-9);
    }
    assert_true(fabs(dist_t_quantile(0.975, 1e6) - 1.959966) < 1e-5); /* towards the normal */
    assert_true(isnan(dist_t_quantile(0, 3)) && isnan(dist_t_quantile(0.5, 0)));
}

static void tests_of_fit_say_nan_where_they_are_not_defined(void **state)
{
    (void)state;
    double one[] = {0.5}, zeros[] = {0, 0, 0}, same[] = {2, 2, 2, 2};
    assert_true(isnan(gof_ks_d(one, one, 0)) && gof_ks_d(one, one, 1) == 0.5);
    double low[] = {0.1, 0.4, 0.6}, high[] = {0.3, 0.5, 0.9}; /* 1/3 - 0.3, 2/3 - 0.5, and no low is over its step */
    assert_true(fabs(gof_ks_d(low, high, 3) - (2.0 / 3 - 0.5)) < 1e-15);
    assert_true(isnan(gof_ks_p(0.5, 0)) && isnan(gof_ks_p(NAN, 5)));
    assert_true(gof_ks_p(0.5, 1) == 1 && gof_ks_p(1, 1) == 0 && gof_ks_p(0, 10) == 1 && gof_ks_p(2, 10) == 0);
    assert_true(isnan(gof_dispersion(same, 1).p) && isnan(gof_dispersion(zeros, 3).p));
    assert_true(gof_dispersion(same, 4).index == 0 && gof_dispersion(same, 4).p == 0);
    assert_true(isnan(gof_acf1(same, 4).r) && isnan(gof_acf1(one, 1).p));
    assert_true(isnan(dist_gamma_p(0, 1)) && isnan(dist_gamma_q(1, -1)) && isnan(dist_gamma_p(1, NAN)));
    assert_true(dist_gamma_p(2, 0) == 0 && dist_gamma_q(2, 0) == 1 && dist_gamma_p(2, INFINITY) == 1 &&
                dist_gamma_q(2, INFINITY) == 0);
}

static void the_exact_and_the_limit_law_of_ks_meet_at_140(void **state)
{
    (void)state;
    for (double d = 0.03; d < 0.3; d += 0.01)
        assert_true(fabs(gof_ks_p(d, 140) - gof_ks_p(d * sqrt(140.0 / 141), 141)) < 1e-3);
    assert_true(fabs(gof_ks_p(2 / sqrt(140.0) - 1e-9, 140) - gof_ks_p(2 / sqrt(140.0) + 1e-9, 140)) < 1e-9);
}

static void mser5_drops_a_ramp_keeps_a_steady_series_and_says_never_settled(void **state)
{
    (void)state;
    double x[200];
    for (size_t i = 0; i < 200; i++)
        x[i] = i < 20 ? 100 - 4 * (double)i : (double)(i % 5); /* every batch of five behind the ramp has mean 2 */
    struct steady_mser s = steady_mser5(x, 200);
    assert_true(s.settled && s.truncate == 20 && s.n_batches == 40 && s.statistic == 0);
    s = steady_mser5(x + 20, 180);
    assert_true(s.settled && s.truncate == 0); /* all places tie at 0: the first wins */
    for (size_t i = 0; i < 200; i++)
        x[i] = exp(0.1 * (200 - (double)i));
    s = steady_mser5(x, 200);
    assert_true(!s.settled && s.truncate == 100);
    s = steady_mser5(x, 9);
    assert_true(!s.settled && s.truncate == 0 && s.n_batches == 1 && isnan(s.statistic));
    s = steady_mser5(x, 0);
    assert_true(!s.settled && s.truncate == 0 && s.n_batches == 0);
    double zeros[10] = {0};
    s = steady_mser5(zeros, 10);
    assert_true(s.settled && s.truncate == 0 && s.n_batches == 2 && s.statistic == 0);
}

static void intervals_of_sections_and_batches_refuse_what_has_no_answer(void **state)
{
    (void)state;
    double x[] = {1, 2, 3, 4, 5, 6, 7, 8};
    assert_true(isnan(steady_batch_means(x, 8, 0, 0.95).estimate) && isnan(steady_batch_means(x, 3, 4, 0.95).lo));
    assert_true(isnan(steady_batch_means(x, 8, STEADY_MAX_BATCHES + 1, 0.95).lo));
    assert_true(steady_batch_means(x, 8, 1, 0.95).estimate == 4.5 && isnan(steady_batch_means(x, 8, 1, 0.95).lo));
    assert_true(steady_batch_means(x, 7, 2, 0.95).estimate == 3.5); /* 1…3 and 4…6: the seventh is left out */
    double long_one[STEADY_MAX_BATCHES] = {0};
    assert_true(steady_batch_means(long_one, STEADY_MAX_BATCHES, STEADY_MAX_BATCHES, 0.95).n == STEADY_MAX_BATCHES);
    assert_true(steady_section_quantile(x, x, 8, 0.5, 8, 0.95).q == 4);
    assert_true(isnan(steady_section_quantile(x, x, 8, 0.5, 1, 0.95).q));
    assert_true(isnan(steady_section_quantile(x, x, 1, 0.5, 2, 0.95).q));
    assert_true(isnan(steady_section_quantile(x, x, 8, 1, 2, 0.95).q));
    struct steady_section s = steady_section_quantile(x, x, 8, 0.95, 2, 0.95); /* no share above, and rank 8 is there */
    assert_true(s.q == 8 && s.hi == 8 && s.lo == 7 && s.inflation == 0);
    s = steady_section_quantile(x, x, 8, 0.5, 2, 0.95); /* shares 0 and 1: no bound at all */
    assert_true(s.q == 4 && s.lo == 1 && isinf(s.hi) && fabs(s.inflation - 8) < 1e-12 && fabs(s.m - 0.5) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector),
        cmocka_unit_test(edges),
        cmocka_unit_test(nothing_cut_off_changes_nothing),
        cmocka_unit_test(what_is_cut_off_goes_to_the_right),
        cmocka_unit_test(a_share_has_ends_and_may_not_be),
        cmocka_unit_test(t_is_symmetric_and_exact_at_one_degree),
        cmocka_unit_test(tests_of_fit_say_nan_where_they_are_not_defined),
        cmocka_unit_test(the_exact_and_the_limit_law_of_ks_meet_at_140),
        cmocka_unit_test(mser5_drops_a_ramp_keeps_a_steady_series_and_says_never_settled),
        cmocka_unit_test(intervals_of_sections_and_batches_refuse_what_has_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

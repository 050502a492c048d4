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
#include "stats/interval.h"
#include "stats/moments.h"
#include "stats/quantile.h"

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

/* "first=A then (B,C) repeated K times" */
static struct numbers from_pattern(yyjson_val *p)
{
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

static const struct {
    const char *fn;
    void (*check)(yyjson_doc *doc, yyjson_val *vector);
} checks[] = {
    {"moments", check_moments},        {"quantile", check_quantile},
    {"mean_ci", check_mean_ci},        {"t_ppf", check_t},
    {"geomean_ratio_ci", check_ratio}, {"betainc", check_betainc},
    {"betaincinv", check_betaincinv},
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
    assert_true(done >= 18);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector),
        cmocka_unit_test(edges),
        cmocka_unit_test(t_is_symmetric_and_exact_at_one_degree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

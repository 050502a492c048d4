/* Every function of stats against its reference vectors (NIST StRD, R, SciPy, statsmodels), and the comparison itself. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "vectors/vectors.h"

static void check_file(const char *path, struct vectors_report *r)
{
    struct str text = STR_INIT;
    struct err e = ERR_INIT;
    assert_int_equal(file_read(path, VECTORS_MAX_BYTES, &text, &e), 0);
    if (vectors_check(text.at, text.len, r, &e))
        fail_msg("%s: %s", path, e.text);
    if (r->failed)
        fail_msg("%s:\n%s", path, str_z(&r->faults));
    str_release(&text);
}

static void assert_checked(const struct vectors_report *r, const char *fn)
{
    for (size_t i = 0; i < r->n_built_in; i++)
        if (!strcmp(r->built_in[i].fn, fn)) {
            assert_true(r->built_in[i].passed > 0);
            return;
        }
    fail_msg("%s is in no table", fn);
}

static void every_function_of_the_list_holds(void **state)
{
    (void)state;
    static const char *const list[] = {"norm_ppf",
                                       "norm_sf",
                                       "t_ppf",
                                       "t_sf",
                                       "chi2_ppf",
                                       "betainc",
                                       "betaincinv",
                                       "binom_cdf",
                                       "nct_cdf",
                                       "kolmogorov_sf",
                                       "moments",
                                       "moments_merge",
                                       "mean_ci",
                                       "quantile",
                                       "quantile_ci_ranks",
                                       "quantile_ci",
                                       "quantile_min_n",
                                       "section_quantile_ci",
                                       "dkw_epsilon",
                                       "rule_of_three",
                                       "two_proportion",
                                       "poisson_ci",
                                       "splitmix64",
                                       "splitmix64_index",
                                       "bootstrap_bca",
                                       "bootstrap_ratio_medians",
                                       "permutation_p",
                                       "permutation_exact",
                                       "hodges_lehmann_shift",
                                       "hodges_lehmann_1",
                                       "mann_whitney",
                                       "mann_whitney_min_p",
                                       "wilcoxon_signed_rank",
                                       "welch_t",
                                       "paired_t",
                                       "ratio_of_means_fieller",
                                       "geomean_ratio_ci",
                                       "effect_size",
                                       "p_adjust",
                                       "tost_welch",
                                       "dispersion_test",
                                       "acf",
                                       "ljung_box",
                                       "ess",
                                       "ess_exceedance",
                                       "batch_means",
                                       "mser5",
                                       "trend",
                                       "abba",
                                       "coordinated_omission",
                                       "arrival_check",
                                       "es_min_queries",
                                       "es_min_passing",
                                       "es_discard_budget",
                                       "mad",
                                       "tukey_fences",
                                       "power_t",
                                       "power_t_n",
                                       "mde_t",
                                       "precision_n",
                                       "gum_combined",
                                       "quantisation_u",
                                       "proportion_ci",
                                       "kaplan_meier",
                                       "littles_law"};
    struct vectors_report r;
    check_file(TESTS_DIR "/vectors/stat-vectors.json", &r);
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        assert_checked(&r, list[i]);
    vectors_report_release(&r);
}

static void our_own_vectors_hold(void **state)
{
    (void)state;
    struct vectors_report r;
    check_file(TESTS_DIR "/vectors/own-vectors.json", &r);
    assert_true(r.passed >= 251);
    assert_int_equal(r.not_checked, 0);
    vectors_report_release(&r);
}

/* One vector of a t quantile, -1 at df 1, with what stands after "fn". */
static void assert_verdict(const char *rest, bool passes, const char *fault)
{
    struct str text = STR_INIT;
    struct err e = ERR_INIT;
    struct vectors_report r;
    str_addf(&text, "{\"vectors\": [{\"id\": \"v\", \"fn\": \"t_ppf\", %s}]}", rest);
    assert_int_equal(vectors_check(text.at, text.len, &r, &e), 0);
    if (r.passed != passes || r.failed == passes || !strstr(str_z(&r.faults), fault))
        fail_msg("%s: %zu passed, faults: %s", rest, r.passed, str_z(&r.faults));
    vectors_report_release(&r);
    str_release(&text);
}

#define IN "\"in\": {\"p\": 0.25, \"df\": 1}, "
#define TOL ", \"tol\": {\"rel\": 1e-9, \"abs\": 1e-12}"

static void a_vector_fails_by_value_by_a_missing_output_and_by_a_missing_input(void **state)
{
    (void)state;
    assert_verdict(IN "\"out\": {\"t\": -1}" TOL, true, "");
    assert_verdict(IN "\"out\": {\"t\": -1.00000001}" TOL, false, "v: t: got -0.999999999");
    assert_verdict(IN "\"out\": {\"t\": -1.1}, \"tol\": {\"rel\": 0, \"abs\": 0.11}", true, "");
    assert_verdict(IN "\"out\": {\"t\": -1.1}, \"tol\": {\"rel\": 0.1, \"abs\": 0}", true, "");
    assert_verdict(IN "\"out\": {\"t\": -1.1}, \"tol\": {\"rel\": 0, \"abs\": 0.09}", false, "t: got");
    assert_verdict(IN "\"out\": {\"t\": \"inf\"}" TOL, false, "want inf");
    assert_verdict(IN "\"out\": {\"t\": null}" TOL, false, "want nan");
    assert_verdict(IN "\"out\": {\"t\": -1, \"u\": 2}" TOL, false, "out.u is not computed");
    assert_verdict(IN "\"out\": {\"t\": [1]}" TOL, false, "out.t is no number");
    assert_verdict(IN "\"out\": {}" TOL, false, "out is no object");
    assert_verdict(IN "\"out\": {\"t\": -1}", false, "tol lacks");
    assert_verdict("\"in\": {\"p\": 0.25}, \"out\": {\"t\": -1}" TOL, false, "in.df is no number");
    assert_verdict("\"in\": {\"p\": 0.25, \"df\": -1}, \"out\": {\"t\": null}" TOL, true, "");
}

static void infinities_and_the_length_of_arrays_are_compared(void **state)
{
    (void)state;
    static const struct {
        const char *vector;
        bool passes;
    } rows[] = {
        {"\"fn\": \"norm_ppf\", \"in\": {\"p\": 0}, \"out\": {\"z\": \"-inf\"}" TOL, true},
        {"\"fn\": \"norm_ppf\", \"in\": {\"p\": 0}, \"out\": {\"z\": \"inf\"}" TOL, false},
        {"\"fn\": \"quantile\", \"in\": {\"x\": [1, 3], \"type\": 7, \"p\": [0, 1]}, \"out\": {\"q\": [1, 3]}" TOL,
         true},
        {"\"fn\": \"quantile\", \"in\": {\"x\": [1, 3], \"type\": 7, \"p\": [0, 1]}, \"out\": {\"q\": [1, 3, 3]}" TOL,
         false},
        {"\"fn\": \"quantile\", \"in\": {\"x\": [1, 3], \"type\": 7, \"p\": [0, 1]}, \"out\": {\"q\": [1]}" TOL, false},
        {"\"fn\": \"quantile\", \"in\": {\"x\": [1, \"x\"], \"type\": 7, \"p\": [0]}, \"out\": {\"q\": [1]}" TOL,
         false},
        {"\"fn\": \"quantile\", \"in\": {\"x\": [1], \"type\": 1.5, \"p\": [0]}, \"out\": {\"q\": [null]}" TOL, false},
        {"\"fn\": \"splitmix64\", \"in\": {\"seed\": -1}, \"out\": {\"first5_decimal_strings\": []}" TOL, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct str text = STR_INIT;
        struct err e = ERR_INIT;
        struct vectors_report r;
        str_addf(&text, "{\"vectors\": [{%s}]}", rows[i].vector);
        assert_int_equal(vectors_check(text.at, text.len, &r, &e), 0);
        assert_int_equal(r.passed, rows[i].passes);
        assert_int_equal(r.failed, !rows[i].passes);
        vectors_report_release(&r);
        str_release(&text);
    }
}

static void unknown_functions_are_counted_apart_and_the_worst_error_is_kept(void **state)
{
    (void)state;
    const char *text = "{\"vectors\": [{\"fn\": \"tarot\"}, {\"fn\": \"t_ppf\", " IN "\"out\": {\"t\": -1.25}" TOL "},"
                       "{\"fn\": \"tarot\"}, {\"fn\": \"t_ppf\", " IN "\"out\": {\"t\": -1}" TOL "}]}";
    struct err e = ERR_INIT;
    struct vectors_report r;
    assert_int_equal(vectors_check(text, strlen(text), &r, &e), 0);
    assert_true(r.passed == 1 && r.failed == 1 && r.not_checked == 2 && r.n_unknown == 1 && r.n_built_in == 1);
    assert_string_equal(r.unknown[0].fn, "tarot");
    assert_true(r.unknown[0].failed == 2 && r.built_in[0].passed == 1 && r.built_in[0].failed == 1);
    assert_true(fabs(r.built_in[0].worst - 0.2) < 1e-12);
    vectors_report_release(&r);
}

static void what_is_no_file_of_vectors_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "{", "[]", "{}", "{\"vectors\": []}", "{\"vectors\": [1]}", "{\"vectors\": [{\"id\": \"v\"}]}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err e = ERR_INIT;
        struct vectors_report r;
        assert_int_equal(vectors_check(bad[i], strlen(bad[i]), &r, &e), ERR_INPUT);
        vectors_report_release(&r);
    }
}

static int check_one_vector(const char *vector, struct vectors_report *r, struct err *e)
{
    struct str text = STR_INIT;
    str_addf(&text, "{\"vectors\": [{%s}]}", vector);
    int rc = vectors_check(text.at, text.len, r, e);
    str_release(&text);
    return rc;
}

static void work_without_bounds_is_refused_by_name(void **state)
{
    (void)state;
    static const char *const endless[] = {
        "\"fn\": \"trend\", \"in\": {\"data\": {\"pattern\": \"i mod 7 for i=0..99999\"}}, \"out\": {\"p\": 1}" TOL,
        "\"fn\": \"acf\", \"in\": {\"data\": {\"pattern\": \"i mod 7 for i=0..99999\"}, \"lags\": 100000}, "
        "\"out\": {\"acf\": []}" TOL,
        "\"fn\": \"bootstrap_bca\", \"in\": {\"data\": {\"pattern\": \"i mod 7 for i=0..999\"}, \"stat\": \"mean\", "
        "\"B\": 1000000, \"seed\": 1, \"conf\": 0.9}, \"out\": {\"theta\": 3}" TOL,
        "\"fn\": \"permutation_exact\", \"in\": {\"x\": {\"pattern\": \"i mod 7 for i=0..99999\"}, \"y\": [1]}, "
        "\"out\": {\"p\": 1}" TOL,
        "\"fn\": \"two_proportion\", \"in\": {\"k1\": 4e7, \"n1\": 5e7, \"k2\": 4e7, \"n2\": 5e7}, "
        "\"out\": {\"fisher_p\": 1}" TOL};
    for (size_t i = 0; i < sizeof endless / sizeof endless[0]; i++) {
        struct err e = ERR_INIT;
        struct vectors_report r;
        if (check_one_vector(endless[i], &r, &e) != ERR_LIMIT || !strstr(e.text, "asks for more work than"))
            fail_msg("%s: %s", endless[i], e.text);
        vectors_report_release(&r);
    }
}

/* Each of these would not have ended. */
static void values_that_no_search_ends_on_end(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    struct vectors_report r;
    assert_int_equal(check_one_vector("\"fn\": \"quantile_ci_ranks\", \"in\": {\"n\": 1e300, \"p\": 0.5, \"conf\": "
                                      "0.9}, \"out\": {\"lo_rank\": null}" TOL,
                                      &r, &e),
                     0);
    assert_int_equal(r.passed, 1);
    vectors_report_release(&r);
    assert_int_equal(check_one_vector("\"fn\": \"kaplan_meier\", \"in\": {\"time\": [null], "
                                      "\"event_1_completed_0_censored\": [1]}, \"out\": {\"median\": 1}" TOL,
                                      &r, &e),
                     0);
    assert_int_equal(r.failed, 1);
    vectors_report_release(&r);
}

static void names_of_the_file_neither_act_on_a_terminal_nor_fill_the_memory(void **state)
{
    (void)state;
    struct str text = STR_INIT, numbers = STR_INIT;
    struct err e = ERR_INIT;
    struct vectors_report r;
    for (int i = 0; i < 20000; i++)
        str_addz(&numbers, i ? ",1" : "1");
    str_addz(&text, "\"id\": \"\\u001b[2J");
    for (int i = 0; i < 5000; i++)
        str_addc(&text, 'x');
    str_addf(&text,
             "\", \"fn\": \"quantile\", \"in\": {\"x\": [7], \"type\": 7, \"p\": [%s]}, \"out\": {\"q\": [%s]}" TOL,
             str_z(&numbers), str_z(&numbers));
    assert_int_equal(check_one_vector(str_z(&text), &r, &e), 0);
    assert_null(strchr(str_z(&r.faults), 0x1b));
    assert_non_null(strstr(str_z(&r.faults), "xxx: q: got 7, want 1\n"));
    assert_true(r.faults.len < VECTORS_MAX_FAULT_BYTES + 1000);
    assert_non_null(strstr(str_z(&r.faults), "\nand more\n"));
    vectors_report_release(&r);
    str_release(&text);
    str_release(&numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_function_of_the_list_holds),
        cmocka_unit_test(our_own_vectors_hold),
        cmocka_unit_test(a_vector_fails_by_value_by_a_missing_output_and_by_a_missing_input),
        cmocka_unit_test(infinities_and_the_length_of_arrays_are_compared),
        cmocka_unit_test(unknown_functions_are_counted_apart_and_the_worst_error_is_kept),
        cmocka_unit_test(what_is_no_file_of_vectors_is_refused),
        cmocka_unit_test(work_without_bounds_is_refused_by_name),
        cmocka_unit_test(values_that_no_search_ends_on_end),
        cmocka_unit_test(names_of_the_file_neither_act_on_a_terminal_nor_fill_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

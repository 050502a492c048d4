/* TR109's score: the formula with values worked by hand, each part alone, and the two published properties: a list of its
 * own keywords scores 0.98, and the keyword in capitals never matches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "text/keyword.h"

static const char all_depth[] =
    "Performance throughput latency ttft token benchmark configuration optimization analysis "
    "model memory context temperature efficiency gpu GPU\n";
static const char all_data[] = "tok/s tokens/s ms seconds % average mean median percentile minimum maximum baseline "
                               "improvement increase decrease compared files data\n";
static const char all_structures[] = "# a\n## b\n### c\n**d**\n| e | f |\n1. g\n- h\n";

static bool same(double a, double b)
{
    return fabs(a - b) < 1e-12;
}

static struct keyword_score score_of(const char *text)
{
    return keyword_score_tr109(span_z(text));
}

static void a_list_of_its_own_keywords_scores_98_hundredths(void **state)
{
    (void)state;
    struct str text = STR_INIT;
    str_addf(&text, "%s%s%s", all_depth, all_data, all_structures);
    for (int i = 0; i < 10; i++)
        str_addz(&text, "[1] ");
    struct keyword_score k = score_of(str_z(&text));
    assert_true(same(k.depth, 14.0 / 15));
    assert_true(same(k.data, 1));
    assert_true(same(k.structure, 1));
    assert_int_equal(k.citations, 10);
    assert_true(same(k.score, 0.98));
    str_release(&text);
}

static void each_part_has_its_weight(void **state)
{
    (void)state;
    assert_true(same(score_of(all_depth).score, 0.30 * 14 / 15)); /* no data word stands in these */
    struct keyword_score k = score_of(all_structures);
    assert_true(same(k.depth, 0) && same(k.data, 0) && k.citations == 0);
    assert_true(same(k.score, 0.25));
    assert_true(same(score_of("[x]").score, 0.02));
    assert_true(same(score_of("median").score, 0.25 / 18));
    assert_true(same(score_of("").score, 0));
}

static void every_word_counts_once_in_any_case(void **state)
{
    (void)state;
    assert_true(same(score_of("latency").depth, 1.0 / 15));
    assert_true(same(score_of("LATENCY Latency latency").depth, 1.0 / 15));
    assert_true(same(score_of("tokenizer").depth, 1.0 / 15)); /* also inside a word */
    assert_true(same(score_of("latenc y").depth, 0));
    assert_true(same(score_of("GPU gpu Gpu").depth, 0));
    assert_true(same(score_of("a model, its memory").depth, 2.0 / 15));
    assert_true(same(score_of("median Median mean").data, 2.0 / 18));
    assert_true(same(score_of("5 %").data, 1.0 / 18));
}

static void each_structure_is_a_seventh(void **state)
{
    (void)state;
    static const char *const one[] = {"# a", "## a", "### a", "x **a** y", "| a |", "  12. a", "- a", " * a", "\t1.a"};
    static const char *const none[] = {"",   "#a", "#### a", " # a",   "x # a", "****",  "** a", "**",  "a**",
                                       "|a", "||", "1 a",    "a 1. b", "-a",    "a - b", "*",    ". a", "abc**"};
    for (size_t i = 0; i < sizeof one / sizeof *one; i++)
        if (!same(score_of(one[i]).structure, 1.0 / 7))
            fail_msg("<%s>", one[i]);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (!same(score_of(none[i]).structure, 0))
            fail_msg("<%s>", none[i]);
    assert_true(same(score_of("# a\n# b\n").structure, 1.0 / 7));
    assert_true(same(score_of("x\n# a\n## b").structure, 2.0 / 7));
}

static void citations_are_brackets_and_references(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
    } rows[] = {{"[1]", 1},
                {"(see there)", 1},
                {"[a](b)", 2},
                {"Technical Report 108", 1},
                {"technical report", 0},
                {"Section 4", 1},
                {"Section x", 0},
                {"Section ", 0},
                {"[]", 0},
                {"()", 0},
                {"[a\n]", 0},
                {"(a", 0},
                {"[Technical Report]", 1},
                {"((a) b)", 1},
                {"([1]", 1},
                {"((((((a)", 1},
                {"(((( [x] )", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (score_of(rows[i].text).citations != rows[i].n)
            fail_msg("<%s>: %zu", rows[i].text, score_of(rows[i].text).citations);
}

static void ten_citations_are_enough(void **state)
{
    (void)state;
    assert_true(same(score_of("(a)(a)(a)(a)(a)(a)(a)(a)(a)").score, 0.18));
    assert_true(same(score_of("(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)").score, 0.20));
    assert_true(same(score_of("(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)").score, 0.20));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_its_own_keywords_scores_98_hundredths),
        cmocka_unit_test(each_part_has_its_weight),
        cmocka_unit_test(every_word_counts_once_in_any_case),
        cmocka_unit_test(each_structure_is_a_seventh),
        cmocka_unit_test(citations_are_brackets_and_references),
        cmocka_unit_test(ten_citations_are_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Grounding: each rule of ground.h with the text that meets it and the nearest one that does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "text/ground.h"

static const struct fact facts[] = {
    {"files", 14, "the corpus", true},
    {"csv files", 6, "the corpus", true},
    {"json files", 4, "the corpus", true},
    {"markdown files", 4, "the corpus", true},
    {"decode_tok_s mean", 42.643, "chat.csv", false},
    {"ttft_ms", 145.3, "chat.csv", false},
    {"makespan_s", 90, "duet.json", false},
    {"share", 0.25, "duet.json", false},
    {"tokens", 1230, "duet.json", false},
    {"bench.json: results.0.wall_ms", 2500, "bench.json", false},
    {"small", 0.0514, "duet.json", false},
    {"zero", 0, "duet.json", false},
};
enum { N_FACTS = sizeof facts / sizeof *facts };

/* The statements of a text, one letter each: S supported, N supported and named, C contradicted, - not found. */
static void expect_of(const char *text, const struct fact *f, size_t n_facts, const char *classes)
{
    struct arena a = {0};
    struct str out = STR_INIT;
    struct statement *s;
    size_t n = ground_text(span_z(text), f, n_facts, &a, &s);
    for (size_t i = 0; i < n; i++) {
        str_addc(&out, s[i].class == GROUND_CONTRADICTED ? 'C'
                       : s[i].class == GROUND_NOT_FOUND  ? '-'
                       : s[i].named                      ? 'N'
                                                         : 'S');
        assert_int_equal(s[i].class == GROUND_NOT_FOUND, s[i].fact == NULL);
    }
    if (strcmp(str_z(&out), classes) != 0)
        fail_msg("<%s> gave <%s>, not <%s>", text, str_z(&out), classes);
    str_release(&out);
    arena_release(&a);
}

static void expect(const char *text, const char *classes)
{
    expect_of(text, facts, N_FACTS, classes);
}

static void an_equal_count_of_files_is_supported(void **state)
{
    (void)state;
    expect("6 CSV files", "N");
    expect("CSV: 6", "N");
    expect("JSON (70 % - 4 files)", "-N"); /* 70 % is a number of its own */
    expect("four markdown files", "N");
    expect("total files: 14", "N");
    expect("14 files", "N");
}

static void another_count_of_files_is_contradicted(void **state)
{
    (void)state;
    expect("28 CSV files", "C");
    expect("CSV: 28", "C");
    expect("JSON (70 % - 71 files)", "-C");
    expect("three markdown files", "C");
    expect("total files: 101", "C");
    expect("0 CSV files", "C");
    expect("42.6 CSV files", "S"); /* no count */
}

static void untyped_files_contradict_only_when_all_are_meant(void **state)
{
    (void)state;
    expect("28 files", "-");
    expect("28 files in total", "C");
    expect("The dataset has 28 files", "C");
}

static void a_part_contradicts_nothing(void **state)
{
    (void)state;
    expect("the first two CSV files", "-");
    expect("the first six CSV files", "N");
    expect("the other 5 files in total", "-");
}

static void counts_support_no_other_number(void **state)
{
    (void)state;
    expect("it took 6 ms", "-");
    expect("14 rows", "-");
}

static void spelled_numbers_are_statements_only_as_counts(void **state)
{
    (void)state;
    expect("one of the fourteen rows", "");
    expect("three runs", "");
}

static void a_number_equals_a_fact_at_its_own_precision(void **state)
{
    (void)state;
    expect("42.643 42.64 42.6 43", "SSSS");
    expect("42.642 42.65 42.7 42", "----");
    expect("42.6430", "S");
    expect("42.6435", "-");
    expect("42.59 42.5", "--");
}

static void few_digits_are_not_near_everything(void **state)
{
    (void)state;
    static const struct fact near[] = {{"x", 2.6, "f", false}};
    static const struct fact at_limit[] = {{"x", 0.0514, "f", false}}; /* 0.05 is 2.7 % off */
    static const struct fact behind[] = {{"x", 0.0516, "f", false}};   /* 3.1 % */
    expect_of("3", near, 1, "-");
    expect_of("2.6", near, 1, "S");
    expect_of("0.05", at_limit, 1, "S");
    expect_of("0.05", behind, 1, "-");
}

static void zero_is_only_zero(void **state)
{
    (void)state;
    static const struct fact small[] = {{"x", 0.001, "f", false}};
    expect("0", "S");
    expect("0.00", "S");
    expect_of("0.00", small, 1, "-");
}

static void units_of_time_are_converted(void **state)
{
    (void)state;
    expect("145.3 ms", "S");
    expect("0.1453 s", "S");
    expect("0.145 s", "S");
    expect("145300 us", "S");
    expect("145.3 s", "-");
    expect("1453 s", "-");
    expect("1.5 min", "S");
    expect("90 ms", "-");
    expect("90 s", "S");
    expect("2.5 s", "S");
    expect("145.3", "S"); /* no unit: taken as it is */
}

static void percent_and_k_are_taken_into_account(void **state)
{
    (void)state;
    expect("25 %", "S");
    expect("0.25", "S");
    expect("25", "-");
    expect("1.2k", "S"); /* 1230 */
    expect("1.3k", "-");
    expect("1.2", "-");
}

static void a_sentence_that_names_the_fact_is_better_evidence(void **state)
{
    (void)state;
    expect("The ttft_ms was 145.3.", "N");
    expect("The TTFT ms was 145.3.", "N");
    expect("The ttft-ms was 145.3.", "N");
    expect("The time was 145.3.", "S");
    expect("The ttft_ms is good. It was 145.3.", "S"); /* another sentence */
    expect("decode_tok_s is 42.6", "N");
    expect("wall_ms: 2500", "N"); /* the last part of the path */
    expect("results: 2500", "S");
}

static void the_named_one_of_equal_facts_is_taken(void **state)
{
    (void)state;
    static const struct fact equal[] = {{"alpha", 7.5, "f", false}, {"beta", 7.5, "f", false}, {"ms", 7.5, "f", false}};
    struct arena a = {0};
    struct statement *s;
    assert_int_equal(ground_text(span_z("beta is 7.5"), equal, 3, &a, &s), 1);
    assert_ptr_equal(s[0].fact, &equal[1]);
    assert_true(s[0].named);
    assert_int_equal(ground_text(span_z("gamma is 7.5"), equal, 3, &a, &s), 1);
    assert_ptr_equal(s[0].fact, &equal[0]);
    assert_false(s[0].named);
    assert_int_equal(ground_text(span_z("the ms are 7.5"), &equal[2], 1, &a, &s), 1);
    assert_false(s[0].named); /* two letters stand in many words */
    arena_release(&a);
}

static void what_states_nothing_is_left_out(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "1. Title",  "## 3.1 Title", "the 3rd run",   "on 2025-11-14", "v1.2.3", "gemma3", "q4_0",
        "run_3.csv", "8-bit",        "see section 4", "in table 5",    "",       "\n\n",   "no number"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect(texts[i], "");
}

static void each_statement_keeps_its_place(void **state)
{
    (void)state;
    static const char text[] = "# Report\nFirst. It took  145.3 ms today! Then 12 s\nnext 7.";
    struct arena a = {0};
    struct statement *s;
    assert_int_equal(ground_text(span_z(text), facts, N_FACTS, &a, &s), 3);
    assert_true(span_eq_z(s[0].number, "145.3 ms"));
    assert_true(span_eq_z(s[0].sentence, "It took  145.3 ms today!"));
    assert_true(s[0].value == 145.3);
    assert_true(span_eq_z(s[1].number, "12 s"));
    assert_true(span_eq_z(s[1].sentence, "Then 12 s")); /* ends with its line */
    assert_true(span_eq_z(s[2].number, "7"));
    assert_true(span_eq_z(s[2].sentence, "next 7."));
    assert_true(s[2].number.at > text && s[2].number.at < text + sizeof text);
    arena_release(&a);
}

static void a_list_number_ends_no_sentence(void **state)
{
    (void)state;
    struct arena a = {0};
    struct statement *s;
    assert_int_equal(ground_text(span_z("12. It has 7.5 of them. Yes"), facts, N_FACTS, &a, &s), 1);
    assert_true(span_eq_z(s[0].sentence, "12. It has 7.5 of them."));
    assert_int_equal(ground_text(span_z("123. It has 7.5"), facts, N_FACTS, &a, &s), 1);
    assert_true(span_eq_z(s[0].sentence, "123. It has 7.5"));
    assert_int_equal(ground_text(span_z("It is q10. Now 7.5"), facts, N_FACTS, &a, &s), 1);
    assert_true(span_eq_z(s[0].sentence, "Now 7.5")); /* a number at the end of a sentence is no list number */
    arena_release(&a);
}

static void a_sentence_without_end_is_cut_at_characters(void **state)
{
    (void)state;
    struct arena a = {0};
    struct str text = STR_INIT;
    struct statement *s;
    for (int i = 0; i < 300; i++)
        str_addz(&text, "\xC3\xA9");
    str_addz(&text, " 7.5 ");
    for (int i = 0; i < 300; i++)
        str_addz(&text, "\xC3\xA9");
    assert_int_equal(ground_text((struct span){text.at, text.len}, facts, N_FACTS, &a, &s), 1);
    assert_int_equal(s[0].sentence.len, 498 + 1 + 3 + 1 + 498); /* one byte less than allowed on each side */
    assert_ptr_equal(s[0].sentence.at, text.at + 102);
    str_release(&text);
    arena_release(&a);
}

static void at_most_so_many_statements(void **state)
{
    (void)state;
    struct arena a = {0};
    struct str text = STR_INIT;
    struct statement *s;
    for (int i = 0; i < GROUND_MAX_STATEMENTS + 10; i++)
        str_addf(&text, "is %d\n", i + 100000);
    assert_int_equal(ground_text((struct span){text.at, text.len}, facts, N_FACTS, &a, &s), GROUND_MAX_STATEMENTS);
    assert_true(s[GROUND_MAX_STATEMENTS - 1].value == 100000 + GROUND_MAX_STATEMENTS - 1);
    str_release(&text);
    arena_release(&a);
}

static void without_facts_nothing_is_found(void **state)
{
    (void)state;
    expect_of("6 CSV files and 42.6 tok/s", NULL, 0, "--");
}

static void classes_have_words(void **state)
{
    (void)state;
    assert_string_equal(ground_class_word(GROUND_SUPPORTED), "supported");
    assert_string_equal(ground_class_word(GROUND_CONTRADICTED), "contradicted");
    assert_string_equal(ground_class_word(GROUND_NOT_FOUND), "not found");
    assert_string_equal(ground_class_word(GROUND_CLASS_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_equal_count_of_files_is_supported),
        cmocka_unit_test(another_count_of_files_is_contradicted),
        cmocka_unit_test(untyped_files_contradict_only_when_all_are_meant),
        cmocka_unit_test(a_part_contradicts_nothing),
        cmocka_unit_test(counts_support_no_other_number),
        cmocka_unit_test(spelled_numbers_are_statements_only_as_counts),
        cmocka_unit_test(a_number_equals_a_fact_at_its_own_precision),
        cmocka_unit_test(few_digits_are_not_near_everything),
        cmocka_unit_test(zero_is_only_zero),
        cmocka_unit_test(units_of_time_are_converted),
        cmocka_unit_test(percent_and_k_are_taken_into_account),
        cmocka_unit_test(a_sentence_that_names_the_fact_is_better_evidence),
        cmocka_unit_test(the_named_one_of_equal_facts_is_taken),
        cmocka_unit_test(what_states_nothing_is_left_out),
        cmocka_unit_test(each_statement_keeps_its_place),
        cmocka_unit_test(a_list_number_ends_no_sentence),
        cmocka_unit_test(a_sentence_without_end_is_cut_at_characters),
        cmocka_unit_test(at_most_so_many_statements),
        cmocka_unit_test(without_facts_nothing_is_found),
        cmocka_unit_test(classes_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

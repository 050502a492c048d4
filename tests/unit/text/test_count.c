/* Which whole numbers count files, and of which kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "text/count.h"

static const struct fact facts[] = {
    {"rows", 28, "a.csv", false},
    {"files", 14, "the corpus", true},
    {"csv files", 6, "the corpus", true},
    {"json files", 4, "the corpus", true},
    {"markdown files", 4, "the corpus", true},
};
enum { N_FACTS = sizeof facts / sizeof *facts };

/* Each number of the line that counts files, with what it counts; '?' behind one that does not mean all of them. */
static void expect_of(const char *line, size_t n_facts, const char *counts)
{
    struct str out = STR_INIT;
    struct number n;
    for (size_t at = 0; number_next(span_z(line), &at, &n);) {
        struct count_match m = count_match(span_z(line), &n, facts, n_facts);
        if (m.fact)
            str_addf(&out, "%s%g %s%s", out.len ? ", " : "", n.value, m.fact->name, m.partial ? "?" : "");
    }
    if (strcmp(str_z(&out), counts) != 0)
        fail_msg("<%s> gave <%s>, not <%s>", line, str_z(&out), counts);
    str_release(&out);
}

static void expect(const char *line, const char *counts)
{
    expect_of(line, N_FACTS, counts);
}

static void the_words_behind_name_the_kind(void **state)
{
    (void)state;
    expect("28 CSV files", "28 csv files");
    expect("28 files (CSV)", "28 csv files");
    expect("28 files in CSV format", "28 csv files");
    expect("28 .csv files", "28 csv files");
    expect("28 different benchmark JSON documents", "28 json files");
    expect("**28** `csv` files", "28 csv files");
    expect("three markdown files", "3 markdown files");
    expect("3 md files", "3 markdown files");
    expect("28 CSV, 44 JSON and 29 Markdown files", "28 csv files, 44 json files, 29 markdown files");
    expect("28 CSV and JSON files", "28 csv files");
}

static void the_label_before_names_the_kind(void **state)
{
    (void)state;
    expect("CSV: 28", "28 csv files");
    expect("- **CSV files:** 28", "28 csv files");
    expect("| CSV | 28 |", "28 csv files");
    expect("JSON (70 % - 71 files)", "71 json files");
    expect("Markdown = 29", "29 markdown files");
    expect("the number of CSV files is 28", "28 csv files");
    expect("CSV files found: approximately 28", "28 csv files");
    expect("total files: 101", "101 files");
    expect("files (101)", "101 files");
    expect("CSV 28", ""); /* nothing between */
}

static void what_counts_something_else_is_no_count(void **state)
{
    (void)state;
    expect("28 CSV rows", "");
    expect("28 rows", "");
    expect("28 of the CSV files", "");
    expect("CSV: 28 rows", "");
    expect("speed: 28", "");
    expect("28", "");
    expect("28 and CSV files", "");
    expect("28. CSV files follow", "");
    expect("28 CSV files", "28 csv files");
    expect("28.5 CSV files", "");
    expect("28 ms CSV files", "");
    expect("-28 CSV files", "");
    expect("28 XML files", "");
}

static void a_spelled_number_needs_its_words_behind(void **state)
{
    (void)state;
    expect("CSV: three", "");
    expect("one of them", "");
    expect("three files in total", "3 files");
}

static void files_of_no_kind_mean_all_only_when_the_text_says_so(void **state)
{
    (void)state;
    expect("28 files", "28 files?");
    expect("each of 3 files", "3 files?");
    expect("28 files in total", "28 files");
    expect("a total of 28 files", "28 files");
    expect("the corpus contains 28 files", "28 files");
    expect("28 files were analyzed", "28 files");
    expect("28 files were totally new", "28 files?"); /* a word, not a part of one */
}

static void a_part_is_not_the_whole(void **state)
{
    (void)state;
    expect("the first two CSV files", "2 csv files?");
    expect("the *other* 3 CSV files", "3 csv files?");
    expect("the remaining files (29)", "");
    expect("the next 5 files in total", "5 files?");
}

static void without_count_facts_nothing_counts(void **state)
{
    (void)state;
    expect_of("28 CSV files, total files: 101", 1, "");
    expect_of("28 CSV files, total files: 101", 0, "");
    expect_of("28 CSV files in total", 2, ""); /* no kind csv: something else is counted */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_words_behind_name_the_kind),
        cmocka_unit_test(the_label_before_names_the_kind),
        cmocka_unit_test(what_counts_something_else_is_no_count),
        cmocka_unit_test(a_spelled_number_needs_its_words_behind),
        cmocka_unit_test(files_of_no_kind_mean_all_only_when_the_text_says_so),
        cmocka_unit_test(a_part_is_not_the_whole),
        cmocka_unit_test(without_count_facts_nothing_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

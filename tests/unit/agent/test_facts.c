/* What CSV, JSON and Markdown files say as numbers: names, values and origins, worked by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "agent/facts.h"

typedef int harvest_fn(struct harvest *h, const char *file, const char *p, size_t n);

static const char *title;

static int markdown(struct harvest *h, const char *file, const char *p, size_t n)
{
    title = NULL;
    return harvest_md(h, file, p, n, &title);
}

/* The facts as "NAME=VALUE @ORIGIN" lines. */
static void list_facts(const struct corpus *c, struct str *out)
{
    for (size_t i = 0; i < c->n_facts; i++)
        str_addf(out, "%s=%.6g @%s\n", c->facts[i].name, c->facts[i].value, c->facts[i].origin);
}

static void expect_facts(harvest_fn *harvest, const char *text, const char *facts)
{
    struct corpus c = {.dir = "corpus"};
    struct err e = ERR_INIT;
    struct harvest h = {.corpus = &c, .e = &e};
    struct str out = STR_INIT;
    if (harvest(&h, "f", text, strlen(text)))
        fail_msg("<%s>: %s", text, e.text);
    list_facts(&c, &out);
    assert_string_equal(str_z(&out), facts);
    str_release(&out);
    corpus_release(&c);
}

static void expect_fault(harvest_fn *harvest, const char *text, int code, const char *words)
{
    struct corpus c = {.dir = "corpus"};
    struct err e = ERR_INIT;
    struct harvest h = {.corpus = &c, .e = &e};
    assert_int_equal(harvest(&h, "f", text, strlen(text)), code);
    if (!strstr(e.text, words))
        fail_msg("<%s> does not say <%s>", e.text, words);
    corpus_release(&c);
}

static void a_numeric_column_gives_its_statistics_and_its_cells(void **state)
{
    (void)state;
    expect_facts(harvest_csv, "run,ms\na,10\nb,40\nc,20\nd,30\n",
                 "rows=4 @f\ncolumns=2 @f\nms mean=25 @f\nms median=25 @f\nms min=10 @f\nms max=40 @f\n"
                 "ms, a=10 @f:2\nms, b=40 @f:3\nms, c=20 @f:4\nms, d=30 @f:5\n");
    expect_facts(harvest_csv, "ms\n10\n40\n20\n", /* an odd number: the middle one */
                 "rows=3 @f\ncolumns=1 @f\nms mean=23.3333 @f\nms median=20 @f\nms min=10 @f\nms max=40 @f\n"
                 "ms, 10=10 @f:2\nms, 40=40 @f:3\nms, 20=20 @f:4\n");
}

static void one_value_is_one_fact(void **state)
{
    (void)state;
    expect_facts(harvest_csv, "ms\n10\n", "rows=1 @f\ncolumns=1 @f\nms=10 @f\n");
    expect_facts(harvest_csv, "ms\n", "rows=0 @f\ncolumns=1 @f\n");
}

static void missing_values_are_left_out_and_words_make_a_column_text(void **state)
{
    (void)state;
    expect_facts(
        harvest_csv, "ms,word\n1,1\nNaN,x\n-,2\n,3\nn/a,4\n3,5\n",
        "rows=6 @f\ncolumns=2 @f\nms mean=2 @f\nms median=2 @f\nms min=1 @f\nms max=3 @f\nms, 1=1 @f:2\nms, 3=3 @f:7\n");
    expect_facts(harvest_csv, "ms\n-\n", "rows=1 @f\ncolumns=1 @f\n");
}

static void a_column_without_a_name_gets_its_number(void **state)
{
    (void)state;
    expect_facts(harvest_csv, "a, \nx,5\n", "rows=1 @f\ncolumns=2 @f\ncolumn 2=5 @f\n");
}

static void csv_faults_have_their_place(void **state)
{
    (void)state;
    expect_fault(harvest_csv, "", ERR_INPUT, "f:1:1: the file has no header line");
    expect_fault(harvest_csv, "a,b\n1,2,3\n", ERR_INPUT, "f:2:1: 3 fields where the header has 2");
    expect_fault(harvest_csv, "a\n\"1\n", ERR_INPUT, "f:2:1: the quote that opens here is never closed");
}

static void numbers_of_json_have_their_path(void **state)
{
    (void)state;
    expect_facts(harvest_json, "{\"a\":{\"b\":1.5,\"c\":\"2\",\"d\":true,\"e\":null},\"f\":-3}",
                 "a.b=1.5 @f\nf=-3 @f\n");
    expect_facts(harvest_json, "\xEF\xBB\xBF{\"a\":1}", "a=1 @f\n");
    expect_facts(harvest_json, "\"text\"", "");
    expect_facts(harvest_json, "[]", "entries=0 @f: \n");
}

static void a_list_of_numbers_is_a_series(void **state)
{
    (void)state;
    expect_facts(harvest_json, "{\"x\":{\"ms\":[1,2,6]}}",
                 "entries=3 @f: ms\nms mean=3 @f: x.ms\nms median=2 @f: x.ms\nms min=1 @f: x.ms\nms max=6 @f: x.ms\n"
                 "f: x.ms.0=1 @f\nf: x.ms.1=2 @f\nf: x.ms.2=6 @f\n");
    expect_facts(harvest_json, "[1,3]",
                 "entries=2 @f: \nvalues mean=2 @f: list\nvalues median=2 @f: list\nvalues min=1 @f: list\n"
                 "values max=3 @f: list\nf: 0=1 @f\nf: 1=3 @f\n");
}

static void keys_that_objects_of_a_list_share_are_series(void **state)
{
    (void)state;
    expect_facts(harvest_json, "{\"runs\":[{\"id\":\"a\",\"ms\":1},{\"id\":\"b\",\"ms\":3}]}",
                 "entries=2 @f: runs\nms mean=2 @f: runs\nms median=2 @f: runs\nms min=1 @f: runs\nms max=3 @f: runs\n"
                 "f: runs.0.ms=1 @f\nf: runs.1.ms=3 @f\n");
    expect_facts(harvest_json, "[{\"ms\":1},{\"other\":3}]", "entries=2 @f: \nf: 0.ms=1 @f\nf: 1.other=3 @f\n");
}

static void json_faults_name_the_file(void **state)
{
    (void)state;
    expect_fault(harvest_json, "{\n?}", ERR_INPUT, "f: not JSON at line 2, column 1");
    struct str deep = STR_INIT;
    for (int i = 0; i < 65; i++)
        str_addc(&deep, '[');
    expect_fault(harvest_json, str_z(&deep), ERR_LIMIT, "f: JSON nested deeper");
    str_release(&deep);
}

static void tables_of_markdown_are_read(void **state)
{
    (void)state;
    expect_facts(
        markdown,
        "# Title\n\ntext | with a pipe\n\n| server | load |\n|---|---:|\n| a | 405 ms |\n| b | **637** |\n\n7\n",
        "rows=2 @f:5\ncolumns=2 @f:5\nload mean=521 @f:5\nload median=521 @f:5\nload min=405 @f:5\nload max=637 @f:5\n"
        "load, a=405 @f:7\nload, b=637 @f:8\n");
}

static void code_is_no_table_and_no_heading(void **state)
{
    (void)state;
    expect_facts(markdown, "```\n# no\n| a |\n|---|\n| 5 |\n```\n~~~\n| a |\n|---|\n~~~\n", "");
}

static void a_table_needs_its_row_of_dashes(void **state)
{
    (void)state;
    expect_facts(markdown, "| a |\n| 5 |\n", "");
    expect_facts(markdown, "| a |\n|---|\n", "rows=0 @f:1\ncolumns=1 @f:1\n");
    expect_facts(markdown, "a | b\n--|--\n\\|x | 5\n", "rows=1 @f:1\ncolumns=2 @f:1\nb=5 @f:1\n");
}

static void the_first_heading_is_the_title(void **state)
{
    (void)state;
    struct corpus c = {0};
    struct harvest h = {.corpus = &c};
    static const char text[] = "\xEF\xBB\xBF#no\n####### no\n## Yes\n# Later\n";
    assert_int_equal(markdown(&h, "f", text, sizeof text - 1), 0);
    assert_string_equal(title, "Yes");
    corpus_release(&c);
}

static void a_markdown_file_with_a_nul_is_refused(void **state)
{
    (void)state;
    struct corpus c = {0};
    struct err e = ERR_INIT;
    struct harvest h = {.corpus = &c, .e = &e};
    assert_int_equal(markdown(&h, "f", "a\0b", 3), ERR_INPUT);
    assert_non_null(strstr(e.text, "NUL"));
    corpus_release(&c);
}

static void which_cells_are_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *cell;
        bool plain, with_unit;
        double value;
    } rows[] = {
        {"5", true, true, 5},
        {" 5.5 ", true, true, 5.5},
        {"-5", true, true, -5},
        {"+5", true, true, 5},
        {".5", true, true, 0.5},
        {"1e3", true, true, 1000},
        {"5%", false, true, 5},
        {"5 %", false, true, 5},
        {"5 ms", false, true, 5},
        {"5 tok/s", false, true, 5},
        {"5 \xC2\xB5s", false, true, 5},
        {"**5**", false, true, 5},
        {"5 abcdefghi", false, false, 0},
        {"5 6", false, false, 0},
        {"5,6", false, false, 0},
        {"0x10", false, false, 0},
        {"inf", false, false, 0},
        {"nan", false, false, 0},
        {"1e999", false, false, 0},
        {"", false, false, 0},
        {"-", false, false, 0},
        {"x5", false, false, 0},
        {"****", false, false, 0},
        {"0000000000000000000000000000000000000001", false, false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double v = 0;
        assert_int_equal(cell_number(span_z(rows[i].cell), false, &v), rows[i].plain);
        assert_true(!rows[i].plain || v == rows[i].value);
        v = 0;
        assert_int_equal(cell_number(span_z(rows[i].cell), true, &v), rows[i].with_unit);
        assert_true(!rows[i].with_unit || v == rows[i].value);
    }
}

static void the_counts_of_files_are_counts_and_the_bytes_are_not(void **state)
{
    (void)state;
    struct corpus_file files[2] = {{"a.csv", CORPUS_CSV, 30, ""}, {"b.md", CORPUS_MD, 12, ""}};
    struct corpus c = {.files = files, .n_files = 2, .count = {1, 0, 1}, .bytes = 42};
    struct harvest h = {.corpus = &c};
    struct str out = STR_INIT;
    assert_int_equal(harvest_counts(&h), 0);
    list_facts(&c, &out);
    assert_string_equal(
        str_z(&out),
        "files=2 @the corpus\ncsv files=1 @the corpus\njson files=0 @the corpus\n"
        "markdown files=1 @the corpus\ncsv files, share in %=50 @the corpus\n"
        "json files, share in %=0 @the corpus\nmarkdown files, share in %=50 @the corpus\nbytes=42 @the corpus\nbytes=30 @a.csv\nbytes=12 @b.md\n");
    for (size_t i = 0; i < c.n_facts; i++)
        assert_int_equal(c.facts[i].is_count, i < 4);
    str_release(&out);
    corpus_release(&c);
}

static void too_many_numbers_are_refused(void **state)
{
    (void)state;
    struct corpus c = {.dir = "corpus"};
    struct err e = ERR_INIT;
    struct harvest h = {.corpus = &c, .e = &e};
    for (int i = 0; i < CORPUS_MAX_FACTS; i++)
        assert_int_equal(harvest_fact(&h, "n", i, "f", false), 0);
    assert_int_equal(harvest_fact(&h, "n", 0, "f", false), ERR_LIMIT);
    assert_non_null(strstr(e.text, "corpus holds more than 50000 numbers (reached in f)"));
    assert_int_equal(c.n_facts, CORPUS_MAX_FACTS);
    corpus_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_numeric_column_gives_its_statistics_and_its_cells),
        cmocka_unit_test(one_value_is_one_fact),
        cmocka_unit_test(missing_values_are_left_out_and_words_make_a_column_text),
        cmocka_unit_test(a_column_without_a_name_gets_its_number),
        cmocka_unit_test(csv_faults_have_their_place),
        cmocka_unit_test(numbers_of_json_have_their_path),
        cmocka_unit_test(a_list_of_numbers_is_a_series),
        cmocka_unit_test(keys_that_objects_of_a_list_share_are_series),
        cmocka_unit_test(json_faults_name_the_file),
        cmocka_unit_test(tables_of_markdown_are_read),
        cmocka_unit_test(code_is_no_table_and_no_heading),
        cmocka_unit_test(a_table_needs_its_row_of_dashes),
        cmocka_unit_test(the_first_heading_is_the_title),
        cmocka_unit_test(a_markdown_file_with_a_nul_is_refused),
        cmocka_unit_test(which_cells_are_numbers),
        cmocka_unit_test(the_counts_of_files_are_counts_and_the_bytes_are_not),
        cmocka_unit_test(too_many_numbers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

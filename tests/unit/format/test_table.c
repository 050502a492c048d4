/* Tables: alignment by columns on the screen, not bytes; narrow terminals; Markdown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/table.h"
#include "format/width.h"

static void sample(struct table *t, struct arena *a)
{
    table_init(t, a);
    table_column(t, "agent", TABLE_LEFT);
    table_column(t, "ms", TABLE_RIGHT);
    table_cell(t, "\u4e2d\u6587");
    table_cellf(t, "%.1f", 12.5);
    table_cell(t, "b|\x1b[1m");
    table_cell(t, NULL);
}

static void terminal(void **state)
{
    (void)state;
    struct arena a = {0};
    struct table t;
    struct str out = STR_INIT;
    sample(&t, &a);
    assert_int_equal(table_rows(&t), 2);
    table_terminal(&t, &(struct table_style){.indent = 2}, &out);
    assert_string_equal(str_z(&out), "  agent    ms\n"
                                     "  \u2500\u2500\u2500\u2500\u2500  \u2500\u2500\u2500\u2500\n"
                                     "  \u4e2d\u6587   12.5\n"
                                     "  b|[1m\n");
    str_clear(&out);
    table_terminal(&t, &(struct table_style){.ascii = true}, &out);
    assert_string_equal(str_z(&out), "agent    ms\n-----  ----\n??     12.5\nb|[1m\n");
    str_release(&out);
    arena_release(&a);
}

static void faint_rows(void **state)
{
    (void)state;
    struct arena a = {0};
    struct table t;
    struct str out = STR_INIT;
    table_init(&t, &a);
    table_column(&t, "n", TABLE_LEFT);
    for (int i = 0; i < 100; i++) { /* through several enlargements */
        table_cellf(&t, "%d", i);
        if (i == 1 || i == 99)
            table_faint(&t);
    }
    table_terminal(&t, &(struct table_style){.ascii = true, .faint_on = "<", .faint_off = ">"}, &out);
    assert_memory_equal(str_z(&out), "n\n--\n0\n<1\n>2\n3\n", 15);
    assert_string_equal(str_z(&out) + out.len - 8, "98\n<99\n>");
    str_clear(&out);
    table_terminal(&t, &(struct table_style){.ascii = true}, &out);
    assert_memory_equal(str_z(&out), "n\n--\n0\n1\n2\n", 11);
    str_release(&out);
    arena_release(&a);
}

static void markdown(void **state)
{
    (void)state;
    struct arena a = {0};
    struct table t;
    struct str out = STR_INIT;
    sample(&t, &a);
    table_cell(&t, "an unfinished row is not shown");
    table_md(&t, &out);
    assert_string_equal(str_z(&out), "| agent | ms |\n|---|---:|\n| \u4e2d\u6587 | 12.5 |\n| b\\|\\[1m |  |\n");
    str_release(&out);
    arena_release(&a);
}

static size_t widest_line(const struct str *s)
{
    size_t most = 0;
    for (const char *p = str_z(s); *p;) {
        size_t n = strcspn(p, "\n"), columns = width_columns(p, n);
        most = columns > most ? columns : most;
        p += n + (p[n] == '\n');
    }
    return most;
}

static void narrow(void **state)
{
    (void)state;
    struct arena a = {0};
    struct table t;
    struct str out = STR_INIT;
    table_init(&t, &a);
    table_column(&t, "what", TABLE_LEFT);
    table_column(&t, "n", TABLE_RIGHT);
    table_column(&t, "why", TABLE_LEFT);
    table_column(&t, "a number with a very long name", TABLE_RIGHT);
    table_cell(&t, "a-very-long-name-without-any-space-in-it-that-has-to-be-cut-somewhere-anyway");
    table_cell(&t, "1");
    table_cell(
        &t,
        "words that can be broken at their spaces, as words are, and \u4e2d\u6587\u4e2d\u6587\u4e2d\u6587\u4e2d\u6587 too");
    table_cell(&t, "12345.6789");
    for (size_t columns = 36; columns < 130; columns++) {
        str_clear(&out);
        table_terminal(&t, &(struct table_style){.columns = columns}, &out);
        assert_true(widest_line(&out) <= columns);
        str_clear(&out);
        text_wrap(span_z(t.cells[2]), columns, 4, &out);
        assert_true(widest_line(&out) <= columns);
    }
    str_clear(&out);
    text_wrap(span_z("in solo-collector at -12345678901"), 11, 0, &out); /* behind a hyphen, when there is no space */
    assert_string_equal(str_z(&out), "in\nsolo-\ncollector\nat\n-1234567890\n1\n");
    str_clear(&out);
    text_wrap(span_z("one two three four"), 13, 2, &out);
    assert_string_equal(str_z(&out), "  one two\n  three four\n");
    str_release(&out);
    arena_release(&a);
}

/* Numbers break at their spaces before any word is broken; all lines of a faint row are. */
static void what_gives_way(void **state)
{
    (void)state;
    struct arena a = {0};
    struct table t;
    struct str out = STR_INIT;
    struct table_style style = {.columns = 23, .ascii = true, .faint_on = "<", .faint_off = ">"};
    table_init(&t, &a);
    table_column(&t, "name", TABLE_LEFT);
    table_column(&t, "p99", TABLE_RIGHT);
    table_cell(&t, "ttft.planned");
    table_cell(&t, "59.0 [58.0, 60.0]");
    table_faint(&t);
    table_cell(&t, "a b");
    table_cell(&t, "1");
    table_terminal(&t, &style, &out);
    assert_string_equal(str_z(&out), "name                p99\n"
                                     "------------  ---------\n"
                                     "<ttft.planned       59.0\n"
                                     "                 [58.0,\n"
                                     "                  60.0]\n>"
                                     "a b                   1\n");
    str_clear(&out);
    table_terminal(&t, &(struct table_style){.ascii = true}, &out);
    assert_null(strchr(str_z(&out), '<'));
    str_release(&out);
    arena_release(&a);
}

static void width_of_text(void **state)
{
    (void)state;
    const char *text = "a\u4e2de\u0301\xff"; /* one, two, one with its accent, an invalid byte */
    assert_int_equal(width_columns(text, strlen(text)), 5);
}

static void empty(void **state)
{
    (void)state;
    struct arena a = {0};
    struct table t;
    struct str out = STR_INIT;
    table_init(&t, &a);
    table_terminal(&t, &(struct table_style){0}, &out);
    table_md(&t, &out);
    assert_int_equal(out.len, 0);
    str_release(&out);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terminal), cmocka_unit_test(faint_rows),     cmocka_unit_test(markdown),
        cmocka_unit_test(narrow),   cmocka_unit_test(what_gives_way), cmocka_unit_test(width_of_text),
        cmocka_unit_test(empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Summary, findings and recommendations: TR109's line filter and the reading by headings and lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "text/extract.h"

/* "SUMMARY;finding,finding;recommendation". The text lies alone in memory, without a NUL. */
static void expect(struct extract (*by)(struct span, struct arena *), const char *text, const char *parts)
{
    struct arena a = {0};
    struct str out = STR_INIT;
    size_t n = strlen(text);
    char *copy = xmalloc(n);
    struct extract x = by((struct span){memcpy(copy, text, n), n}, &a);
    str_add(&out, x.summary.at, x.summary.len);
    str_addc(&out, ';');
    for (size_t i = 0; i < x.n_findings; i++)
        str_addf(&out, "%s%.*s", i ? "," : "", (int)x.findings[i].len, x.findings[i].at);
    str_addc(&out, ';');
    for (size_t i = 0; i < x.n_recommendations; i++)
        str_addf(&out, "%s%.*s", i ? "," : "", (int)x.recommendations[i].len, x.recommendations[i].at);
    if (strcmp(str_z(&out), parts) != 0)
        fail_msg("<%s> gave <%s>, not <%s>", text, str_z(&out), parts);
    free(copy);
    str_release(&out);
    arena_release(&a);
}

static void sections(const char *text, const char *parts)
{
    expect(extract_sections, text, parts);
}

static void tr109(const char *text, const char *parts)
{
    expect(extract_tr109, text, parts);
}

static void sections_begin_at_each_kind_of_heading(void **state)
{
    (void)state;
    sections("## Summary\ngood\n## Key findings\n- f\n## Recommendations\n- r\n", "good;f;r");
    sections("**1. Summary**\ngood\n**2. Key Findings**\n- f\n**3. Recommendations**:\n- r\n", "good;f;r");
    sections("Summary:\ngood\nKey findings:\n- f\nRecommendations:\n- r\n", "good;f;r");
    sections("1. Summary: good\n2. Key findings: f\n3. Recommendations: r\n", "good;f;r");
    sections("**Summary:** good\n**Key findings:** f\n", "good;f;");
    sections("Summary\ngood\n", "good;;");
}

static void a_section_ends_at_the_next_heading_of_its_level(void **state)
{
    (void)state;
    sections("## Findings\n- f\n### Detail\n- g\n## Data\n- h\n", ";f,g;");
    sections("# Summary\ngood\n\nand more\n# Other\nbad\n", "good\n\nand more;;");
    sections("# Summary\none\n# Summary\ntwo\n", "one;;");
}

static void list_items_win_over_lines(void **state)
{
    (void)state;
    sections("# Findings\nThese are they:\n1. a\n2) b\n* c\n+ d\nend\n", ";a,b,c,d;");
    sections("# Findings\n- a\n  - inner\n- b\n", ";a,b;");
    sections("# Findings\nfirst line\nsecond line\n", ";first line,second line;");
    sections("# Findings\n| t | u |\n---\n***\n===\nline\n", ";line;");
    sections("# Findings\n---", ";;"); /* the last bytes there are */
}

static void what_is_not_there_is_empty(void **state)
{
    (void)state;
    sections("", ";;");
    sections("It should be a finding.\n", ";;");
    sections("the findings of all of these runs: none\n", ";;"); /* too long for a label */
    sections("- Findings: a\n", ";;");
}

static void at_most_so_many_items(void **state)
{
    (void)state;
    struct arena a = {0};
    struct str t = STR_INIT;
    str_addz(&t, "# Findings\n");
    for (int i = 0; i < 2 * EXTRACT_MAX_ITEMS; i++)
        str_addf(&t, "- finding %d should\n", i);
    assert_int_equal(extract_sections((struct span){t.at, t.len}, &a).n_findings, EXTRACT_MAX_ITEMS);
    struct extract x = extract_tr109((struct span){t.at, t.len}, &a);
    assert_int_equal(x.n_findings, EXTRACT_TR109_LINES);
    assert_int_equal(x.n_recommendations, EXTRACT_TR109_LINES);
    str_release(&t);
    arena_release(&a);
}

static void the_line_filter_takes_lines_by_their_words(void **state)
{
    (void)state;
    tr109("# Key\nA Finding\nan insight\nDISCOVERY\nmonkeys\nother\n",
          "# Key\nA Finding\nan insight\nDISCOVERY\nmonkeys\nother;"
          "A Finding,an insight,DISCOVERY,monkeys;");
    tr109("# We recommend\n  I suggest \nit should\nconsider it\nelse\n",
          "# We recommend\n  I suggest \nit should\nconsider it\nelse;;# We recommend,I suggest,it should,consider it");
}

static void the_filters_summary_is_what_follows_its_line(void **state)
{
    (void)state;
    tr109("# Title\n## Summary\none\n\ntwo\n# Next\nthree\n", "one\n\ntwo;;");
    tr109("In summary:\none\n", "one;;");
    tr109("## Summary\n# Next\nthree\n", "## Summary\n# Next\nthree;;"); /* none: the beginning of the text */
}

static void without_a_summary_the_first_500_characters(void **state)
{
    (void)state;
    struct arena a = {0};
    struct str t = STR_INIT;
    for (int i = 0; i < 499; i++)
        str_addc(&t, 'x');
    str_addz(&t, "\xC3\xA9zz"); /* not cut inside the character */
    assert_int_equal(extract_tr109((struct span){t.at, t.len}, &a).summary.len, 499);
    t.at[499] = 'y';
    t.at[500] = 'y';
    assert_int_equal(extract_tr109((struct span){t.at, t.len}, &a).summary.len, EXTRACT_TR109_SUMMARY);
    str_release(&t);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_begin_at_each_kind_of_heading),
        cmocka_unit_test(a_section_ends_at_the_next_heading_of_its_level),
        cmocka_unit_test(list_items_win_over_lines),
        cmocka_unit_test(what_is_not_there_is_empty),
        cmocka_unit_test(at_most_so_many_items),
        cmocka_unit_test(the_line_filter_takes_lines_by_their_words),
        cmocka_unit_test(the_filters_summary_is_what_follows_its_line),
        cmocka_unit_test(without_a_summary_the_first_500_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

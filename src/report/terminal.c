/* terminal.c: the report as text of at most so many columns. Colour is an addition: without it nothing is lost. Tables use
 * a wide terminal; lines of prose that are much longer than a hundred columns are hard to read. */
#include "format/escape.h"
#include "format/width.h"
#include "report/claims.h"
#include "report/compare.h"
#include "report/page.h"

enum { ROWS_SHOWN = 40, RULE = 72, PROSE = 100 };

static size_t columns_of(const struct page *p)
{
    return p->style->columns ? p->style->columns : PROSE;
}

static size_t prose_of(const struct page *p)
{
    return columns_of(p) < PROSE ? columns_of(p) : PROSE;
}

static void lines(struct page *p, const char *text, const char *first, size_t indent, const char *sgr)
{
    struct str safe = STR_INIT, filled = STR_INIT;
    escape_terminal(span_z(text), p->style->ascii, &safe);
    text_wrap((struct span){str_z(&safe), safe.len}, prose_of(p), indent, &filled);
    for (const char *z = first; *z && (size_t)(z - first) < filled.len; z++)
        filled.at[z - first] = *z; /* the bullet stands in the indent of the first line */
    if (sgr && p->style->color)
        str_addf(p->out, "\x1b[%sm", sgr);
    str_add(p->out, str_z(&filled), filled.len);
    if (sgr && p->style->color)
        str_addz(p->out, "\x1b[0m");
    str_release(&safe);
    str_release(&filled);
}

static void leave_list(struct page *p)
{
    if (p->in_list)
        str_addc(p->out, '\n');
    p->in_list = false;
}

static void title(struct page *p, const char *text)
{
    lines(p, text, "", 0, "1");
}

static void heading(struct page *p, const char *text)
{
    struct str ruled = STR_INIT;
    leave_list(p);
    str_addf(&ruled, "\u2500\u2500 %s", text);
    size_t columns = width_columns(ruled.at, ruled.len), end = prose_of(p) < RULE ? prose_of(p) : RULE;
    if (++columns < end)
        str_addc(&ruled, ' ');
    for (; columns < end; columns++)
        str_addz(&ruled, "\u2500");
    lines(p, str_z(&ruled), "", 0, "1");
    str_addc(p->out, '\n');
    str_release(&ruled);
}

static void answer(struct page *p, const char *text)
{
    leave_list(p);
    lines(p, text, "", 0, "1");
    str_addc(p->out, '\n');
}

static void paragraph(struct page *p, const char *text)
{
    leave_list(p);
    lines(p, text, "", 0, NULL);
    str_addc(p->out, '\n');
}

static void item(struct page *p, const char *text)
{
    lines(p, text, "  -", 4, NULL);
    p->in_list = true;
}

static void table(struct page *p, const struct table *t)
{
    struct table_style style = {.columns = columns_of(p), .ascii = p->style->ascii};
    leave_list(p);
    if (p->style->color) {
        style.head_on = "\x1b[1m";
        style.faint_on = "\x1b[2m";
        style.head_off = style.faint_off = "\x1b[0m";
    }
    table_terminal(t, &style, p->out);
    str_addc(p->out, '\n');
}

static const struct page_ops ops = {title, heading, answer, paragraph, item, table};

void report_terminal(const struct report_view *v, const struct report_style *style, struct str *out)
{
    static const struct report_style plain = {0};
    struct page p = {.ops = &ops, .style = style ? style : &plain, .out = out, .max_rows = ROWS_SHOWN};
    page_report(&p, v);
}

void compare_terminal(const struct compare_view *v, const struct report_style *style, struct str *out)
{
    static const struct report_style plain = {0};
    struct page p = {.ops = &ops, .style = style ? style : &plain, .out = out};
    page_compare(&p, v);
}

void claims_terminal(const struct claims_view *v, const struct report_style *style, struct str *out)
{
    static const struct report_style plain = {0};
    struct page p = {.ops = &ops, .style = style ? style : &plain, .out = out};
    page_claims(&p, v);
}

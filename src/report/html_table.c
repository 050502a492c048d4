/* html_table.c: text and tables of the page: verdicts look like what they are, ids lead to their definition, and a number's
 * note is its title. */
#include <string.h>

#include "analysis/compare.h"
#include "format/escape.h"
#include "record/metric.h"
#include "report/html.h"

/* ---- text ------------------------------------------------------------------------------------------------- */

static const char *const marked[] = {"VALID", "SUSPECT", "VOID", "OK", "WEAK", "UNRESOLVED"};

static bool in_word(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* The marked word that begins at z, which is at a word's start; NULL. */
static const char *word_at(const char *z)
{
    for (size_t i = 0; i < sizeof marked / sizeof marked[0]; i++) {
        size_t n = strlen(marked[i]);
        if (!strncmp(z, marked[i], n) && !in_word(z[n]))
            return marked[i];
    }
    return NULL;
}

void html_text(const char *text, struct str *out)
{
    const char *from = text;
    for (const char *z = text; *z; z++) {
        const char *word = z == text || !in_word(z[-1]) ? word_at(z) : NULL;
        if (!word)
            continue;
        escape_html((struct span){from, (size_t)(z - from)}, out);
        str_addf(out, "<b class=\"v %s\">%s</b>", word, word);
        z += strlen(word) - 1;
        from = z + 1;
    }
    escape_html(span_z(from), out);
}

enum { WIDE = 12 }; /* columns that do not fit on paper as they are */

/* ---- tables ----------------------------------------------------------------------------------------------- */

/* A table whose rows are definitions says so by its first head. */
static bool defines(const struct table *t)
{
    return !strcmp(t->head[0], "id");
}

/* A row that counts nowhere says so in a cell. */
static bool is_void(const struct table *t, size_t row)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (!strcmp(t->cells[row * t->n_columns + i], "VOID"))
            return true;
    return false;
}

static bool sortable(const struct table *t)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (!*t->head[i])
            return false;
    return table_rows(t) > 1;
}

static void attribute(struct str *out, const char *name, const char *value)
{
    str_addf(out, " %s=\"", name);
    escape_html(span_z(value), out);
    str_addc(out, '"');
}

/* A verdict when it is the whole cell; in a sentence they are words like others. */
static bool is_comparison(const char *text)
{
    for (int i = 0; i <= COMPARE_INCONCLUSIVE; i++)
        if (!strcmp(text, compare_verdict_word((enum compare_verdict)i)))
            return true;
    return false;
}

static void cell(struct html *h, const struct table *t, size_t at, bool head)
{
    struct str *out = h->page.out;
    const char *text = t->cells[at], *tag = head ? "th" : "td";
    const struct metric *m = head && !defines(t) ? metric_find(text) : NULL;
    str_addf(out, "<%s%s", tag, head ? " scope=\"row\"" : "");
    if (t->align[at % t->n_columns] == TABLE_RIGHT)
        str_addz(out, " class=\"r\"");
    if (t->notes[at])
        attribute(out, "title", t->notes[at]);
    str_addc(out, '>');
    if (m && page_defines(h->v, m))
        str_addf(out, "<a href=\"#def-%s\">%s</a>", m->id, m->id); /* ids are ours and need no escape */
    else if (is_comparison(text))
        str_addf(out, "<b class=\"v %s\">%s</b>", text, text);
    else
        html_text(text, out);
    str_addf(out, "</%s>", tag);
}

/* A head that begins with a metric's id: "ttft ms". */
static const struct metric *metric_of_head(const char *head)
{
    char id[64];
    size_t n = strcspn(head, " ");
    if (n >= sizeof id)
        return NULL;
    memcpy(id, head, n);
    id[n] = 0;
    return metric_find(id);
}

static void head_row(const struct table *t, struct str *out)
{
    str_addz(out, "<thead><tr>");
    for (size_t i = 0; i < t->n_columns; i++) {
        const struct metric *m = metric_of_head(t->head[i]);
        str_addf(out, "<th scope=\"col\"%s", t->align[i] == TABLE_RIGHT ? " class=\"r\"" : "");
        if (m)
            attribute(out, "title", m->definition);
        str_addc(out, '>');
        escape_html(span_z(t->head[i]), out);
        str_addz(out, "</th>");
    }
    str_addz(out, "</tr></thead>");
}

/* The first column of text names the row; before it come numbers such as the block. */
static size_t naming_column(const struct table *t)
{
    size_t i = 0;
    while (i + 1 < t->n_columns && t->align[i] == TABLE_RIGHT)
        i++;
    return t->align[i] == TABLE_RIGHT ? 0 : i;
}

void html_table(struct html *h, const struct table *t)
{
    struct str *out = h->page.out;
    size_t naming = naming_column(t);
    str_addz(out, "<div class=\"scroll\" tabindex=\"0\" role=\"group\"");
    attribute(out, "aria-label", *t->head[0] ? t->head[0] : "table");
    str_addf(out, "><table class=\"%s%s\">", sortable(t) ? "sort" : "", t->n_columns > WIDE ? " wide" : "");
    head_row(t, out);
    str_addz(out, "<tbody>");
    for (size_t row = 0; row < table_rows(t); row++) {
        str_addz(out, is_void(t, row) ? "<tr class=\"no\"" : "<tr");
        if (defines(t)) {
            str_addz(out, " id=\"def-");
            escape_html(span_z(t->cells[row * t->n_columns]), out);
            str_addc(out, '"');
        }
        str_addc(out, '>');
        for (size_t i = 0; i < t->n_columns; i++)
            cell(h, t, row * t->n_columns + i, i == naming);
        str_addz(out, "</tr>\n");
    }
    str_addz(out, "</tbody></table></div>\n");
}

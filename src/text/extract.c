/* extract.c: see extract.h. */
#include "text/extract.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* ---- lines ----------------------------------------------------------------------------------------------------------- */

/* Cuts the next line off *rest, without its end; false when nothing is left. */
static bool next_line(struct span *rest, struct span *line)
{
    if (rest->len == 0)
        return false;
    const char *end = memchr(rest->at, '\n', rest->len);
    size_t n = end ? (size_t)(end - rest->at) : rest->len;
    *line = (struct span){rest->at, n};
    rest->at += n + (end != NULL);
    rest->len -= n + (end != NULL);
    return true;
}

static bool holds_any(struct span line, const char *const *words, size_t n)
{
    for (size_t w = 0; w < n; w++) {
        size_t len = strlen(words[w]);
        for (size_t i = 0; i + len <= line.len; i++)
            if (strncasecmp(line.at + i, words[w], len) == 0)
                return true;
    }
    return false;
}

#define HOLDS_ANY(line, list) holds_any(line, list, sizeof(list) / sizeof *(list))

static struct span until(const char *from, struct span rest)
{
    return span_trim((struct span){from, (size_t)(rest.at - from)});
}

/* ---- TR109's line filter ----------------------------------------------------------------------------------------------- */

static struct span summary_tr109(struct span text)
{
    static const char *const word[] = {"summary"};
    struct span rest = text, line;
    while (next_line(&rest, &line)) {
        if (!HOLDS_ANY(line, word))
            continue;
        const char *from = rest.at;
        struct span before = rest;
        while (next_line(&rest, &line) && !(line.len && line.at[0] == '#'))
            before = rest; /* blank lines belong to it */
        struct span found = until(from, before);
        if (found.len)
            return found;
        break;
    }
    size_t n = text.len < EXTRACT_TR109_SUMMARY ? text.len : EXTRACT_TR109_SUMMARY;
    while (n < text.len && n > 0 && ((unsigned char)text.at[n] & 0xC0) == 0x80) /* not inside a character */
        n--;
    return span_trim((struct span){text.at, n});
}

static size_t filter_tr109(struct span text, const char *const *words, size_t n_words, bool headings, struct arena *a,
                           struct span **out)
{
    struct span line;
    size_t n = 0;
    *out = arena_alloc(a, EXTRACT_TR109_LINES * sizeof **out);
    while (n < EXTRACT_TR109_LINES && next_line(&text, &line)) {
        line = span_trim(line);
        if (line.len && (headings || line.at[0] != '#') && holds_any(line, words, n_words))
            (*out)[n++] = line;
    }
    return n;
}

struct extract extract_tr109(struct span text, struct arena *a)
{
    static const char *const findings[] = {"finding", "insight", "discovery", "key"};
    static const char *const recommendations[] = {"recommend", "suggest", "should", "consider"};
    struct extract e = {.summary = summary_tr109(text)};
    e.n_findings = filter_tr109(text, findings, 4, false, a, &e.findings);
    e.n_recommendations = filter_tr109(text, recommendations, 4, true, a, &e.recommendations);
    return e;
}

/* ---- headings ------------------------------------------------------------------------------------------------------------ */

enum section { SECTION_NONE, SECTION_SUMMARY, SECTION_FINDINGS, SECTION_RECOMMENDATIONS };
enum { LEVEL_BOLD = 7, LEVEL_LABEL = 8, MAX_TITLE = 80 };

struct heading {
    int level; /* 1 … 6 of #, 7 a bold line, 8 a label with a colon; 0: no heading */
    enum section section;
    struct span rest; /* text behind a label on the same line */
};

static enum section section_of(struct span title)
{
    static const char *const summary[] = {"summary", "overview", "abstract"};
    static const char *const findings[] = {"finding", "insight", "observation", "discover"};
    static const char *const recommendations[] = {"recommend", "suggestion", "next step", "action item"};
    if (HOLDS_ANY(title, recommendations))
        return SECTION_RECOMMENDATIONS;
    if (HOLDS_ANY(title, findings))
        return SECTION_FINDINGS;
    return HOLDS_ANY(title, summary) ? SECTION_SUMMARY : SECTION_NONE;
}

/* Without "3. ", "3.1 " and markup in front. */
static struct span strip_number(struct span s)
{
    size_t i = 0;
    while (i < s.len && (isdigit((unsigned char)s.at[i]) || strchr(".)* ", s.at[i])))
        i++;
    return (struct span){s.at + i, s.len - i};
}

static size_t count_words(struct span s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += !isspace((unsigned char)s.at[i]) && (i == 0 || isspace((unsigned char)s.at[i - 1]));
    return n;
}

/* "Summary", "Key findings:", "1. Summary: the text", "**Key findings:** the text": only names of sections we look for. */
static struct heading read_label(struct span line)
{
    struct heading h = {0};
    const char *colon = memchr(line.at, ':', line.len);
    struct span name = strip_number(colon ? (struct span){line.at, (size_t)(colon - line.at)} : line);
    size_t words = count_words(name);
    h.section = words > 0 && words <= 4 && name.len <= MAX_TITLE ? section_of(name) : SECTION_NONE;
    if (h.section == SECTION_NONE || (!colon && !isupper((unsigned char)name.at[0])))
        return (struct heading){0};
    h.level = LEVEL_LABEL;
    if (colon)
        h.rest = strip_number((struct span){colon + 1, line.len - (size_t)(colon + 1 - line.at)});
    return h;
}

static struct heading read_heading(struct span line)
{
    struct heading h = {0};
    size_t marks = 0;
    line = span_trim(line);
    while (marks < line.len && line.at[marks] == '#')
        marks++;
    if (marks > 0 && marks <= 6) {
        h.level = (int)marks;
        h.section = section_of(line);
        return h;
    }
    struct span bold = strip_number(line);
    bool whole = bold.len > 2 && memmem(line.at, (size_t)(bold.at - line.at), "**", 2);
    if (whole && (memcmp(bold.at + bold.len - 2, "**", 2) == 0 || memcmp(bold.at + bold.len - 3, "**:", 3) == 0)) {
        h.level = LEVEL_BOLD;
        h.section = section_of(line);
        return h;
    }
    bool bullet = line.len > 1 && strchr("-*+|", line.at[0]) && line.at[1] != '*';
    return line.len && !bullet ? read_label(line) : h;
}

/* ---- sections ------------------------------------------------------------------------------------------------------------ */

/* A list item's indent in *indent and its text; empty when the line is none. */
static struct span list_item(struct span line, size_t *indent)
{
    size_t i = 0, digits = 0;
    while (i < line.len && (line.at[i] == ' ' || line.at[i] == '\t'))
        i++;
    *indent = i;
    while (i + digits < line.len && isdigit((unsigned char)line.at[i + digits]))
        digits++;
    if (digits && i + digits < line.len && strchr(".)", line.at[i + digits]))
        i += digits + 1;
    else if (i < line.len && strchr("-*+", line.at[i]))
        i++;
    else
        return SPAN_NONE;
    if (i >= line.len || line.at[i] != ' ')
        return SPAN_NONE;
    return span_trim((struct span){line.at + i, line.len - i});
}

/* One section's items while its lines go by: list items win over plain lines. */
struct items {
    struct span *at; /* room for EXTRACT_MAX_ITEMS */
    size_t n, indent;
    bool list;
};

/* A line drawn with dashes, equal signs or stars. */
static bool is_rule(struct span line)
{
    for (size_t i = 0; i < line.len; i++)
        if (!memchr("-=*", line.at[i], 3))
            return false;
    return true;
}

static void add_item(struct items *items, struct span line)
{
    size_t indent;
    struct span item = list_item(line, &indent);
    struct span plain = span_trim(line);
    if (item.len && (!items->list || indent < items->indent)) {
        if (!items->list)
            items->n = 0; /* what stood before the list introduced it */
        items->list = true;
        items->indent = indent;
    }
    if (items->list && (!item.len || indent > items->indent))
        return;
    if (!item.len && (plain.len == 0 || plain.at[0] == '|' || is_rule(plain)))
        return;
    if (items->n < EXTRACT_MAX_ITEMS)
        items->at[items->n++] = item.len ? item : plain;
}

struct sections {
    struct extract *out;
    struct items findings, recommendations;
    enum section now;
    int level; /* of the heading that opened `now` */
};

static void take_line(struct sections *s, struct span line)
{
    struct span plain = span_trim(line);
    if (!plain.len)
        return;
    if (s->now == SECTION_FINDINGS)
        add_item(&s->findings, line);
    else if (s->now == SECTION_RECOMMENDATIONS)
        add_item(&s->recommendations, line);
    else if (s->now == SECTION_SUMMARY && !s->out->summary.len)
        s->out->summary = plain;
    else if (s->now == SECTION_SUMMARY && plain.at > s->out->summary.at)
        s->out->summary.len = (size_t)(plain.at + plain.len - s->out->summary.at);
}

struct extract extract_sections(struct span text, struct arena *a)
{
    struct extract e = {0};
    struct sections s = {.out = &e};
    struct span line;
    s.findings.at = arena_alloc(a, EXTRACT_MAX_ITEMS * sizeof *s.findings.at);
    s.recommendations.at = arena_alloc(a, EXTRACT_MAX_ITEMS * sizeof *s.recommendations.at);
    while (next_line(&text, &line)) {
        struct heading h = read_heading(line);
        bool opens = h.level && h.section != SECTION_NONE && (s.now == SECTION_NONE || h.level <= s.level);
        bool closes = h.level && h.section == SECTION_NONE && h.level <= s.level;
        bool again = opens && h.section == SECTION_SUMMARY && e.summary.len; /* a second summary is not joined */
        if (opens || closes) {
            s.now = again ? SECTION_NONE : h.section;
            s.level = h.level;
            line = h.rest;
        }
        if (line.len)
            take_line(&s, line);
    }
    e.findings = s.findings.at;
    e.n_findings = s.findings.n;
    e.recommendations = s.recommendations.at;
    e.n_recommendations = s.recommendations.n;
    return e;
}

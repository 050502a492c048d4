/* page.h: what a report shows, in which order, apart from how it looks. The sections speak to a page: the
 * terminal, Markdown and HTML each are one, and each escapes everything it is given. All texts are raw. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "format/table.h"
#include "report/view.h"

struct page;

struct page_ops {
    void (*title)(struct page *p, const char *text);
    void (*heading)(struct page *p, const char *text);
    void (*answer)(struct page *p, const char *text); /* a paragraph that must not be overlooked */
    void (*text)(struct page *p, const char *text);
    void (*item)(struct page *p, const char *text); /* of a list; the first after something else begins it */
    void (*table)(struct page *p, const struct table *t);
};

struct page {
    const struct page_ops *ops;
    const struct report_style *style;
    struct str *out;
    struct arena arena; /* scratch, released by page_report */
    size_t max_rows;    /* of a table with a row per run; 0: all */
    bool definitions;   /* there is room for a table of definitions */
    bool wide;          /* there is room for a column per metric: arms are rows */
    bool in_list;
};

/* The whole report; what begins with section_ is one part of it, and writes nothing when it has nothing to
 * say. */
void page_report(struct page *p, const struct report_view *v);
/* The answers, the verdicts and what to know of them, in some twenty lines. */
void page_brief(struct page *p, const struct report_view *v);
/* "3 blocks of 2 arms: 6 of 6 runs complete (…)." */
const char *page_summary(struct page *p, const struct report_view *v);
void section_sources(struct page *p, const struct report_view *v);
struct compare_view;
void page_compare(struct page *p, const struct compare_view *v); /* compare_page.c; releases the arena, too */
struct claims_view;
void page_claims(struct page *p, const struct claims_view *v); /* claims_page.c; the same */
void section_duets(struct page *p, const struct report_view *v);
/* The arms against the baseline; its parts, for a page that has figures between them. */
void section_comparisons(struct page *p, const struct report_view *v);
void comparison_tables(struct page *p, const struct view_comparison *c, size_t n);
void comparison_notes(struct page *p, const struct view_comparisons *all);
void section_arms(struct page *p, const struct report_view *v);
void section_peers(struct page *p, const struct report_view *v);
void section_loads(struct page *p, const struct report_view *v);
void section_runs(struct page *p, const struct report_view *v);
void section_effects(struct page *p, const struct report_view *v); /* of a study with factors: level against level */
void section_levels(struct page *p, const struct report_view *v); /* the same: best arm, by level, shares of variance */
void section_causes(struct page *p, const struct report_view *v); /* generations that may spoil a number */
void section_order(struct page *p, const struct report_view *v);  /* drift over the study */
void section_outcomes(struct page *p, const struct report_view *v);
void section_quality(struct page *p, const struct report_view *v);
void section_facts(struct page *p, const struct report_view *v); /* instrument, host, servers, study */
void section_definitions(struct page *p, const struct report_view *v);

/* Whether section_definitions has the metric. */
bool page_defines(const struct report_view *v, const struct metric *m);
/* What stands behind a number: definition id, n, method, the values themselves. */
const char *page_note(struct page *p, const struct view_number *n);
/* The table of other tools' definitions, without a heading (page_peers.c). */
void peer_definitions(struct table *t, struct arena *a);
/* How they take percentiles and where the definitions were read. */
void peer_tools(struct table *t, struct arena *a);

void page_textf(struct page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void page_itemf(struct page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Whether row i of n is within max_rows; says once, after the last one, how many are not shown (page_rest). */
bool page_row_fits(const struct page *p, size_t i);
void page_rest(struct page *p, size_t n, const char *what);

#endif

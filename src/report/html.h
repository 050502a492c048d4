/* html.h: the page under construction, private to the html*.c of this room. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "report/page.h"

struct html {
    struct page page; /* first: the ops get it */
    const struct report_view *v;
    struct str nav;  /* the list of sections */
    size_t sections; /* opened so far */
    bool series;     /* html_series wrote some */
};

/* Text with its verdict words (VOID, WEAK, …) marked. */
void html_text(const char *text, struct str *out);
/* A figure with its caption from what is in *svg, which is empty behind it; nothing when it is empty before. */
void html_figure(struct html *h, struct str *svg, const char *caption);
void html_effects(struct html *h);
void html_comparisons(struct html *h);
void html_tails(struct html *h);
void html_distributions(struct html *h);
void html_lanes(struct html *h);
/* Whether there is a series: then the page needs the chart library. */
bool html_series(struct html *h);
void html_table(struct html *h, const struct table *t);

#endif

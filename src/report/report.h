/* report: what a result file says, for people and for programs.
 *
 * Owns: the view (a plain struct built from a store) and its renderings as terminal text, Markdown, HTML and JSON.
 * Must not know: how results come about, servers, sockets, the command line; it never writes to a file or a
 * stream.
 *
 * report.h: one view, several renderings. The same file always gives the same bytes: no clock, no locale.
 * Text from the file goes through format/escape; nothing in it can act on a terminal or a page. An
 * incomplete study is shown as far as it is, with what is missing. A number never stands alone: it comes
 * with unit, definition id, n, interval, method and verdict. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "store/store.h"

struct goodput; /* analysis/goodput.h */
struct report_view;
struct peer_limits; /* record/peer.h */

/* Reads everything it needs; the store may be closed afterwards. *out is NULL on failure. */
int report_view_build(struct store *s, struct report_view **out, struct err *e);
/* Adds what other tools would have reported of the same requests: every rendering then has that section. limits: for
 * their goodput, copied; NULL: without it. */
void report_view_add_peers(struct report_view *v, const struct peer_limits *limits);
/* Adds the share of good requests to every run of plain load; false: there is none. Copied. */
bool report_view_add_goodput(struct report_view *v, const struct goodput *g);
/* Reads what the probes saw, for the series over time of report_html. */
int report_view_add_samples(struct report_view *v, struct store *s, struct err *e);
size_t report_view_void_runs(const struct report_view *v); /* complete ones that are VOID */
void report_view_free(struct report_view *v);              /* NULL is fine */

struct report_style {
    bool color;     /* SGR sequences for headings and what counts nowhere */
    bool ascii;     /* the terminal is not UTF-8 */
    size_t columns; /* of tables, and of prose up to 100; 0: 100 */
    bool brief;     /* at most some twenty lines: the answers, the verdicts, what to know */
};

/* All of them append. */
void report_terminal(const struct report_view *v, const struct report_style *style, struct str *out);
/* One page that needs no other file. */
void report_html(const struct report_view *v, struct str *out);
/* style: only its `brief`; NULL: the whole report. */
void report_md(const struct report_view *v, const struct report_style *style, struct str *out);
/* A line for each metric of each arm. */
void report_csv(const struct report_view *v, struct str *out);
/* One figure as an SVG file: "answer", "sessions", or a metric's id: of requests their distribution within each run, else a
 * value per run. ERR_USAGE for any other word and when there is nothing to draw. */
int report_svg(const struct report_view *v, const char *what, struct str *out, struct err *e);
/* A metric as text of style->columns columns (0: 80): of requests a curve per arm, else a dot per run; braille, or ASCII. The
 * errors of report_svg, and ERR_USAGE for the two figures that are no metric. */
int report_plot(const struct report_view *v, const char *what, const struct report_style *style, struct str *out,
                struct err *e);
/* {"schema":"chimera.report/1", …}: one line; keys and their meaning are stable, new ones may come. */
void report_json(const struct report_view *v, struct str *out);

/* doc/metrics.md: the tables of metrics and of other tools' definitions as Markdown. */
void report_metrics_md(struct str *out);

#endif

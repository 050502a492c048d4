/* report.c: the file that an agent leaves behind: who wrote it with what, both answers as they came, what was extracted,
 * and which of its numbers the corpus bears out. The model's text stands in code fences and everything else from outside
 * is escaped, so that an answer cannot pass for a part of this report. */
#include <math.h>
#include <string.h>

#include "agent/flow.h"
#include "agent/quality.h"
#include "base/utf8.h"
#include "text/extract.h"
#include "text/keyword.h"

enum { MAX_ROWS = 50, MAX_CELL = 300 };

/* ---- escapes --------------------------------------------------------------------------------------------------------- */

/* One line of Markdown text: markup signs get a backslash, "<" and "&" become entities, line ends a blank, what is not
 * UTF-8 U+FFFD; cut at MAX_CELL bytes. */
static void add_escaped(struct str *out, struct span s)
{
    size_t i = 0;
    while (i < s.len && i < MAX_CELL) {
        uint32_t code = 0xFFFD;
        size_t len = utf8_next(s.at + i, s.len - i, &code);
        if (len == 0)
            str_addz(out, "\xEF\xBF\xBD");
        else if (code < ' ' || code == 0x7F)
            str_addc(out, ' ');
        else if (code == '<' || code == '&')
            str_addz(out, code == '<' ? "&lt;" : "&amp;");
        else if (code < 0x80 && strchr("\\`*_[]|#~>", (int)code))
            str_addf(out, "\\%c", (char)code);
        else
            str_add(out, s.at + i, len);
        i += len ? len : 1;
    }
    if (i < s.len)
        str_addz(out, "…");
}

static void add_row(struct str *out, const char *name, const char *value)
{
    str_addf(out, "| %s | ", name);
    add_escaped(out, span_z(value ? value : "none"));
    str_addz(out, " |\n");
}

/* A code block whose fence is longer than any run of backticks inside. */
static void add_fenced(struct str *out, struct span s)
{
    size_t longest = 2, run = 0;
    for (size_t i = 0; i < s.len; i++) {
        run = s.at[i] == '`' ? run + 1 : 0;
        if (run > longest)
            longest = run;
    }
    for (size_t i = 0; i <= longest; i++)
        str_addc(out, '`');
    str_addz(out, "text\n");
    for (size_t i = 0; i < s.len;) {
        size_t len = utf8_next(s.at + i, s.len - i, NULL);
        unsigned char c = (unsigned char)s.at[i];
        if (len == 0)
            str_addz(out, "\xEF\xBF\xBD");
        else if (len > 1 || c >= ' ' || c == '\n' || c == '\t')
            str_add(out, s.at + i, len);
        i += len ? len : 1;
    }
    if (s.len && s.at[s.len - 1] != '\n')
        str_addc(out, '\n');
    for (size_t i = 0; i <= longest; i++)
        str_addc(out, '`');
    str_addc(out, '\n');
}

/* ---- parts ------------------------------------------------------------------------------------------------------------- */

static void add_options(struct str *out, const struct options *o)
{
    bool any = false;
    for (int i = 0; i < OPTION_COUNT; i++) {
        double v = option_get(o, i);
        if (isnan(v))
            continue;
        str_addf(out, "%s%s=%g", any ? ", " : "", option_name((enum option_bit_index)i), v);
        any = true;
    }
    if (!any)
        str_addz(out, "the server's own");
}

static void add_head(struct str *out, const struct workflow *w)
{
    const struct workflow_spec *s = &w->spec;
    struct str options = STR_INIT, corpus = STR_INIT;
    add_options(&options, &s->options);
    str_addf(&corpus, "%zu files (%zu CSV, %zu JSON, %zu Markdown), sha256 %s", s->corpus->n_files,
             s->corpus->count[CORPUS_CSV], s->corpus->count[CORPUS_JSON], s->corpus->count[CORPUS_MD],
             s->corpus->sha256);
    str_addz(out, "# Report of agent ");
    add_escaped(out, span_z(s->agent ? s->agent : "unnamed"));
    str_addz(out, "\n\n| what | value |\n|---|---|\n");
    add_row(out, "model", s->model);
    add_row(out, "route", s->route == ROUTE_CHAT ? "chat" : "completion");
    add_row(out, "options", str_z(&options));
    add_row(out, "corpus", str_z(&corpus));
    add_row(out, "ended",
            w->state == FLOW_FINISHED ? "both stages completed"
            : w->why.len              ? str_z(&w->why)
                                      : "not finished");
    str_release(&options);
    str_release(&corpus);
}

static void add_answer(struct str *out, const struct workflow *w, int stage, const char *title)
{
    str_addf(out, "\n## %s\n\n", title);
    if (w->stage[stage].text.len)
        add_fenced(out, flow_text(w, stage));
    else
        str_addf(out, "%s\n", w->stage[stage].came ? "No text came." : "Never asked.");
}

static void add_list(struct str *out, const char *title, const struct span *items, size_t n)
{
    str_addf(out, "\n### %s\n\n", title);
    if (n == 0)
        str_addz(out, "None found.\n");
    for (size_t i = 0; i < n; i++) {
        str_addf(out, "%zu. ", i + 1);
        add_escaped(out, items[i]);
        str_addc(out, '\n');
    }
}

static void add_extract(struct str *out, struct workflow *w)
{
    struct extract x = extract_sections(flow_text(w, WORKFLOW_REPORT), &w->arena);
    str_addz(out, "\n## What the report says\n");
    add_list(out, "Summary", &x.summary, x.summary.len > 0);
    add_list(out, "Findings", x.findings, x.n_findings);
    add_list(out, "Recommendations", x.recommendations, x.n_recommendations);
}

static void add_sanity(struct str *out, const struct workflow *w, int stage)
{
    struct sanity s = sanity_check(flow_text(w, stage));
    str_addf(out, "| %s | %zu words%s%s%s |\n", workflow_stage_word((enum workflow_stage)stage), s.words,
             s.unfinished ? ", unfinished" : "", s.degenerate ? ", degenerate: " : "",
             s.degenerate ? sanity_row((int)s.why).word : "");
}

static void add_quality(struct str *out, const struct workflow *w)
{
    str_addz(out, "\n## Quality\n\n| text | sanity |\n|---|---|\n");
    for (int i = 0; i < WORKFLOW_STAGES; i++)
        if (w->stage[i].came)
            add_sanity(out, w, i);
    str_addz(out, "\n| text | numbers stated | supported | of these named | contradicted | not found |\n"
                  "|---|---:|---:|---:|---:|---:|\n");
    for (int i = 0; i < WORKFLOW_STAGES; i++) {
        struct ground_counts n = quality_count(w, i);
        str_addf(out, "| %s | %zu | %zu | %zu | %zu | %zu |\n", workflow_stage_word((enum workflow_stage)i),
                 w->n_statements[i], n.of[GROUND_SUPPORTED], n.named, n.of[GROUND_CONTRADICTED],
                 n.of[GROUND_NOT_FOUND]);
    }
    if (w->stage[WORKFLOW_REPORT].text.len)
        str_addf(out, "\nkeyword_score (TR109): %.3f. It counts words and knows nothing of truth.\n",
                 keyword_score_tr109(flow_text(w, WORKFLOW_REPORT)).score);
}

static void add_statement(struct str *out, int stage, const struct statement *s)
{
    str_addf(out, "| %s | ", workflow_stage_word((enum workflow_stage)stage));
    add_escaped(out, s->number);
    str_addz(out, " | ");
    if (s->fact) {
        str_addf(out, "%.10g ", s->fact->value);
        add_escaped(out, span_z(s->fact->name));
        str_addz(out, " (");
        add_escaped(out, span_z(s->fact->origin));
        str_addc(out, ')');
    } else {
        str_addz(out, "nothing equal");
    }
    str_addz(out, " | ");
    add_escaped(out, s->sentence);
    str_addz(out, " |\n");
}

static void add_statements(struct str *out, const struct workflow *w, enum ground_class class, const char *title)
{
    size_t rows = 0;
    for (int stage = WORKFLOW_STAGES - 1; stage >= 0; stage--) {
        for (size_t i = 0; i < w->n_statements[stage]; i++) {
            if (w->statement[stage][i].class != class)
                continue;
            if (rows == 0)
                str_addf(out, "\n### %s\n\n| text | stated | in the corpus | sentence |\n|---|---:|---|---|\n", title);
            if (rows++ < MAX_ROWS)
                add_statement(out, stage, &w->statement[stage][i]);
        }
    }
    if (rows > MAX_ROWS)
        str_addf(out, "\n%zu more are in the result file.\n", rows - MAX_ROWS);
}

const char *workflow_report(struct workflow *w)
{
    struct str *out = &w->report;
    if (out->len)
        return str_z(out);
    flow_ground(w);
    add_head(out, w);
    add_answer(out, w, WORKFLOW_ANALYSIS, "Analysis, as the model wrote it");
    add_answer(out, w, WORKFLOW_REPORT, "Report, as the model wrote it");
    add_extract(out, w);
    add_quality(out, w);
    add_statements(out, w, GROUND_CONTRADICTED, "Contradicted by the corpus");
    add_statements(out, w, GROUND_NOT_FOUND, "Not found in the corpus");
    add_statements(out, w, GROUND_SUPPORTED, "Supported by the corpus");
    return str_z(out);
}

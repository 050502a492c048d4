/* audit_text.c: rules on what agents wrote: whether it agrees with what they were given, and what a score of words is worth.
 * See audit.h. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/audit_rules.h"
#include "format/json.h"
#include "text/ground.h"
#include "text/keyword.h"
#include "text/sanity.h"

/* A report as the lab's program kept it: its own head up to a rule, what the model wrote, and mostly behind it what the program
 * knows, with the inventory of the files that the agent was given. */
struct report {
    struct span head, body;
    double files, of_type[3]; /* of the inventory; NaN: it has none */
};

static const char *const type_facts[] = {"csv files", "json files", "markdown files"};

static struct span find(struct span in, const char *words)
{
    const char *at = in.len ? memmem(in.at, in.len, words, strlen(words)) : NULL;
    return at ? (struct span){at, in.len - (size_t)(at - in.at)} : SPAN_NONE;
}

static double number_behind(struct span in, const char *words)
{
    struct span at = find(in, words);
    size_t n = strlen(words);
    return at.len > n && isdigit((unsigned char)at.at[n]) ? strtod(at.at + n, NULL) : NAN;
}

/* The last line that begins with "## " before `end`. */
static const char *heading_before(const char *from, const char *end)
{
    const char *at = end;
    while (at > from && !(at[-1] == '\n' && end - at > 3 && !memcmp(at, "## ", 3)))
        at--;
    return at > from ? at : end;
}

/* False: the row is no report. */
static bool report_of(const struct audit_row *row, struct report *r)
{
    struct span text = json_get_text(row->json, "text");
    struct span body = find(text, "\n---\n"), inventory = find(text, "\nTotal files analyzed: ");
    if (!text.len)
        return false;
    *r = (struct report){.head = {text.at, text.len - body.len}, .body = body.len ? body : text, .files = NAN};
    for (int i = 0; i < 3; i++)
        r->of_type[i] = 0;
    if (inventory.at && inventory.at > r->body.at) {
        r->files = number_behind(inventory, "\nTotal files analyzed: ");
        static const char *const lines[] = {"\nCSV Files (", "\nJSON Files (", "\nMARKDOWN Files ("};
        for (int i = 0; i < 3; i++)
            r->of_type[i] = fmax(0, number_behind(inventory, lines[i]));
        r->body.len = (size_t)(heading_before(r->body.at, inventory.at) - r->body.at);
    }
    return true;
}

/* ---- A22: what is not grounded ---------------------------------------------------------------------------------------- */

/* What the counts in the body say against the inventory. */
static void check_counts(struct audit_points *points, const struct audit_row *row, const struct report *r,
                         size_t *stated, size_t *wrong)
{
    struct fact facts[4] = {{"files", r->files, "the report's inventory", true}};
    struct statement *s;
    for (int i = 0; i < 3; i++)
        facts[i + 1] = (struct fact){type_facts[i], r->of_type[i], "the report's inventory", true};
    size_t n = isnan(r->files) ? 0 : ground_text(r->body, facts, 4, points->arena, &s);
    for (size_t i = 0; i < n; i++) {
        if (!s[i].fact)
            continue;
        ++*stated;
        if (s[i].class != GROUND_CONTRADICTED)
            continue;
        ++*wrong;
        int shown = (int)(s[i].sentence.len < 100 ? s[i].sentence.len : 100);
        audit_add_row(points, row, "%g stated, %g %s given: %.*s", s[i].value, s[i].fact->value, s[i].fact->name, shown,
                      s[i].sentence.at);
    }
}

/* The year in the program's line "**Date:** 2025-11-14". */
static int year_of_head(const struct report *r)
{
    double year = number_behind(r->head, "**Date:** ");
    return year >= 1990 && year <= 2200 ? (int)year : 0;
}

/* "October 26, 2023" in the line that the model dated its report with; 0: none. */
static int year_of_body(const struct report *r)
{
    struct span at = find(r->body, "**Date:**");
    size_t n = 0;
    while (n < at.len && at.at[n] != '\n')
        n++;
    for (size_t i = 0; i + 4 <= n; i++) {
        bool four = (!i || !isdigit((unsigned char)at.at[i - 1])) && !memcmp(at.at + i, "20", 2) &&
                    isdigit((unsigned char)at.at[i + 2]) && isdigit((unsigned char)at.at[i + 3]);
        if (four && (i + 4 == n || !isdigit((unsigned char)at.at[i + 4])))
            return 2000 + (at.at[i + 2] - '0') * 10 + (at.at[i + 3] - '0');
    }
    return 0;
}

static void ungrounded_reports(struct auditing *x, const struct audit_study *s)
{
    struct audit_points points = AUDIT_POINTS(x);
    size_t reports = 0, stated = 0, wrong = 0, dated = 0;
    struct report r;
    for (size_t i = 0; i < s->n_rows; i++) {
        if (!report_of(s->rows[i], &r))
            continue;
        reports++;
        check_counts(&points, s->rows[i], &r, &stated, &wrong);
        int written = year_of_head(&r), claimed = year_of_body(&r);
        if (written && claimed && written != claimed) {
            dated++;
            audit_add_row(&points, s->rows[i], "dated %d by the model, %d by its program", claimed, written);
        }
    }
    if (points.n)
        audit_find(
            x, s, &points,
            "Of %zu counts of files that %zu reports state, %zu contradict the inventory that the agent was given; "
            "%zu of the reports are dated in another year.",
            stated, reports, wrong, dated);
}

static void ungrounded_of_our_own(struct auditing *x, const struct audit_study *s)
{
    struct audit_points points = AUDIT_POINTS(x);
    size_t reports = 0;
    for (size_t i = 0; i < s->n_runs; i++)
        for (size_t k = 0; k < s->runs[i]->n_sessions; k++) {
            const char *json = s->runs[i]->sessions[k].quality_json, *agent = s->runs[i]->sessions[k].agent;
            yyjson_doc *doc = json_read_z(json);
            double wrong = audit_number(yyjson_doc_get_root(doc), "grounding.contradicted");
            double of = audit_number(yyjson_doc_get_root(doc), "grounding.statements");
            reports += isfinite(of);
            if (wrong > 0)
                audit_add_run(&points, s, i, NULL, "%s: %.0f of %.0f statements", agent ? agent : "", wrong, of);
            yyjson_doc_free(doc);
        }
    if (points.n)
        audit_find(x, s, &points, "%zu of %zu reports state counts of files that contradict the corpus.", points.n,
                   reports);
}

void audit_ungrounded(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        if (x->studies[k].n_rows)
            ungrounded_reports(x, &x->studies[k]);
        else
            ungrounded_of_our_own(x, &x->studies[k]);
    }
}

/* ---- A21: the score of words ------------------------------------------------------------------------------------------ */

#define SCORE_NEAR 0.8 /* no text may score so much of what good reports do on average */

void audit_keywords(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct audit_points points = AUDIT_POINTS(x);
        double good = 0, worst = 0;
        size_t n_good = 0;
        struct report r;
        for (size_t i = 0; i < s->n_rows; i++)
            if (report_of(s->rows[i], &r) && !sanity_check(r.body).degenerate) {
                good += keyword_score_tr109(json_get_text(s->rows[i]->json, "text")).score;
                n_good++;
            }
        good /= (double)n_good;
        for (size_t i = 0; n_good && i < s->n_rows; i++) {
            double score = report_of(s->rows[i], &r) && sanity_check(r.body).degenerate
                               ? keyword_score_tr109(json_get_text(s->rows[i]->json, "text")).score
                               : 0;
            if (score < SCORE_NEAR * good)
                continue;
            worst = fmax(worst, score);
            audit_add_row(&points, s->rows[i], "score %.3f, %s", score, sanity_row((int)sanity_check(r.body).why).word);
        }
        if (points.n)
            audit_find(
                x, s, &points,
                "The quality score counts which words are present: a report that is no text scores %.3f, the %zu "
                "others %.3f on average.",
                worst, n_good, good);
    }
}

/* ---- A7, as reports tell it ------------------------------------------------------------------------------------------- */

size_t audit_empty_reports(struct auditing *x, const struct audit_study *s, struct audit_points *points)
{
    const struct fact none = {"files", 0, "nothing", true};
    size_t reports = 0;
    struct report r;
    for (size_t i = 0; i < s->n_rows; i++) {
        struct statement *st;
        if (!report_of(s->rows[i], &r))
            continue;
        reports++;
        bool empty = r.files == 0;
        size_t n = isnan(r.files) ? ground_text(r.body, &none, 1, &x->out->arena, &st) : 0;
        for (size_t k = 0; k < n && !empty; k++)
            empty = st[k].fact && st[k].class == GROUND_SUPPORTED;
        if (empty)
            audit_add_row(points, s->rows[i], "the report says that 0 files were analysed");
    }
    return reports;
}

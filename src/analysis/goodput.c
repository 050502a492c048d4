/* goodput.c: see goodput.h. */
#include "analysis/goodput.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/proportion.h"

/* The words are also the order in which a report lists them. */
static const struct {
    const char *word, *id;
} kinds[] = {{"ttft", "ttft"}, {"ttft.planned", "ttft.planned"}, {"tpot", "tpot"}, {"gap", "gap.max"},
             {"e2e", "e2e"},   {"e2e.planned", "e2e.planned"}};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* ---- the limits -------------------------------------------------------------------------------------------- */

static int unknown(const char *word, struct err *e)
{
    const char *words[KINDS];
    for (size_t i = 0; i < KINDS; i++)
        words[i] = kinds[i].word;
    const char *near = word_suggest(word, words, KINDS);
    if (near)
        return err_set(e, ERR_USAGE, "goodput has no limit '%s'; did you mean '%s'?", word, near);
    return err_set(e, ERR_USAGE, "goodput has no limit '%s'; there are ttft, ttft.planned, tpot, gap, e2e, e2e.planned",
                   word);
}

/* part: "WORD:MS", changed. */
static int parse_part(char *part, struct goodput *out, struct err *e)
{
    char *colon = strchr(part, ':'), *end = NULL;
    size_t k = 0;
    if (!colon)
        return err_set(e, ERR_USAGE, "goodput: '%s' is no limit; one looks like ttft:200, in ms", part);
    *colon = '\0';
    while (k < KINDS && strcmp(kinds[k].word, part) != 0)
        k++;
    if (k == KINDS)
        return unknown(part, e);
    for (size_t i = 0; i < out->n; i++)
        if (out->limit[i].word == kinds[k].word)
            return err_set(e, ERR_USAGE, "goodput: %s is given twice", part);
    double ms = strtod(colon + 1, &end);
    if (end == colon + 1 || *end || !isfinite(ms) || ms <= 0)
        return err_set(e, ERR_USAGE, "goodput: '%s' is no limit for %s: a number of ms above 0", colon + 1, part);
    out->limit[out->n++] = (struct goodput_limit){kinds[k].word, metric_find(kinds[k].id), ms};
    return 0;
}

int goodput_parse(const char *text, struct goodput *out, struct err *e)
{
    static const char between[] = ", ";
    char part[64];
    int rc = 0;
    *out = (struct goodput){.n = 0};
    for (text += strspn(text, between); *text && !rc; text += strspn(text, between)) {
        size_t n = strcspn(text, between);
        if (n >= sizeof part)
            return err_set(e, ERR_USAGE, "goodput: '%.60s…' is no limit; one looks like ttft:200, in ms", text);
        memcpy(part, text, n);
        part[n] = '\0';
        rc = parse_part(part, out, e);
        text += n;
    }
    if (!rc && !out->n)
        rc = err_set(e, ERR_USAGE, "goodput needs a limit, such as ttft:200,tpot:50,gap:500,e2e:5000 (ms)");
    return rc;
}

/* ---- a run ------------------------------------------------------------------------------------------------- */

/* What cannot be because the answer is too short, in contrast to what is not told. */
static bool too_short(const struct request *q, const struct metric *m)
{
    if (!strcmp(m->id, "tpot"))
        return q->usage.completion_tok >= 0 && q->usage.completion_tok < 2;
    return !strcmp(m->id, "gap.max") && !q->chunks.dropped;
}

static bool keeps(const struct request *q, const struct goodput *g, struct goodput_run *out)
{
    bool good = true;
    for (size_t i = 0; i < g->n; i++) {
        double ms = g->limit[i].metric->of_request(q);
        bool untold = isnan(ms) && !too_short(q, g->limit[i].metric);
        out->untold[i] += untold;
        out->missed[i] += ms > g->limit[i].limit_ms;
        good = good && !untold && !(ms > g->limit[i].limit_ms);
    }
    return good;
}

void goodput_of_run(const struct run *r, const struct goodput *g, struct goodput_run *out)
{
    struct run_counts c = run_count(r);
    double window_s = metric_find("makespan")->of_run(r);
    *out = (struct goodput_run){.planned = c.planned, .not_completed = c.planned - c.completed};
    for (size_t i = 0; i < r->n_requests; i++)
        if (r->requests[i].outcome == OUTCOME_OK)
            out->good += keeps(&r->requests[i], g, out);
    out->share = proportion_wilson((size_t)out->good, (size_t)out->planned, 0.95);
    out->rate = window_s > 0 ? (double)out->good / window_s : NAN;
}

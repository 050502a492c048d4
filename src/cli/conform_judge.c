/* conform_judge.c: what was recorded against what a case expects. Each key of `expect` is one function of one table. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/conform.h"
#include "record/metric.h"

/* Stamps and the script's own times are of one clock, but a kernel stamp comes over CLOCK_REALTIME: a lower bound holds
 * but for this. */
#define SLACK_NS (2 * NS_PER_MS)

struct trial {
    const struct stub_case *c;
    const struct case_expect *x;
    const struct request *r; /* the request it is about */
    const struct player_log *log;
    struct str got;  /* what was found instead, when it does not hold */
    const char *bad; /* the expectation cannot be read: why */
};

static struct span cut_word(struct span *rest)
{
    size_t n = 0;
    while (n < rest->len && rest->at[n] != ' ')
        n++;
    struct span word = {rest->at, n};
    while (n < rest->len && rest->at[n] == ' ')
        n++;
    *rest = (struct span){rest->at + n, rest->len - n};
    return word;
}

/* Unreadable expectations are faults of the file, not of the client. */
static bool unreadable(struct trial *t, const char *why)
{
    t->bad = why;
    return false;
}

static bool same_text(struct trial *t, const struct str *got)
{
    bool same = got->len == t->x->text.len && (!got->len || !memcmp(got->at, t->x->text.at, got->len));
    if (!same)
        str_addf(&t->got, "'%.200s'", str_z(got));
    return same;
}

static bool same_count(struct trial *t, int64_t got)
{
    char *end;
    long long want = strtoll(t->x->text.at, &end, 10);
    bool none = span_eq_z(t->x->text, "none");
    if (!none && (end == t->x->text.at || *end))
        return unreadable(t, "a whole number or `none` is expected here");
    bool same = none ? got < 0 : got == want;
    if (!same)
        str_addf(&t->got, got < 0 ? "none" : "%lld", (long long)got);
    return same;
}

static bool contains(struct span all, struct span part)
{
    return !part.len || (all.len && memmem(all.at, all.len, part.at, part.len));
}

/* ---- one function for each key ---- */

static bool holds_outcome(struct trial *t)
{
    if (outcome_find(t->x->text.at) < 0)
        return unreadable(t, "no such outcome; `chimera list outcomes` has them");
    const char *word = outcome_word(t->r->outcome);
    if (!strcmp(word, t->x->text.at))
        return true;
    str_addf(&t->got, "%s%s%.200s", word, t->r->error.len ? ": " : "", str_z(&t->r->error));
    return false;
}

/* Exactly these, in the order of the table, "none" for none; unstamped_send is the kernel's doing and not compared. */
static bool holds_flags(struct trial *t)
{
    struct str words = STR_INIT;
    request_flags_words(t->r->flags & ~(unsigned)REQUEST_UNSTAMPED_SEND, " ", &words);
    if (!words.len)
        str_addz(&words, "none");
    bool same = same_text(t, &words);
    str_release(&words);
    return same;
}

static bool holds_status(struct trial *t)
{
    return same_count(t, t->r->http_status);
}

static bool holds_text(struct trial *t)
{
    return same_text(t, &t->r->text);
}

static bool holds_reasoning(struct trial *t)
{
    return same_text(t, &t->r->reasoning);
}

static bool holds_finish(struct trial *t)
{
    return same_text(t, &t->r->finish_reason);
}

static bool holds_error(struct trial *t)
{
    bool holds = contains((struct span){str_z(&t->r->error), t->r->error.len}, t->x->text);
    if (!holds)
        str_addf(&t->got, "'%.300s'", str_z(&t->r->error));
    return holds;
}

static bool holds_prompt_tok(struct trial *t)
{
    return same_count(t, t->r->usage.prompt_tok);
}

static bool holds_completion_tok(struct trial *t)
{
    return same_count(t, t->r->usage.completion_tok);
}

static bool holds_cached_tok(struct trial *t)
{
    return same_count(t, t->r->usage.cached_tok);
}

/* "role=1 text=2": so many of each kind, none of the kinds that are not named. */
static bool holds_chunks(struct trial *t)
{
    int64_t want[CHUNK_KIND_COUNT] = {0}, got[CHUNK_KIND_COUNT] = {0};
    struct span rest = t->x->text;
    while (rest.len && !span_eq_z(rest, "none")) {
        struct span word = cut_word(&rest);
        int kind = 0;
        size_t n = 0;
        for (; kind < CHUNK_KIND_COUNT; kind++) {
            n = strlen(chunk_kind_word((enum chunk_kind)kind));
            if (span_starts(word, chunk_kind_word((enum chunk_kind)kind)) && word.len > n && word.at[n] == '=')
                break;
        }
        if (kind == CHUNK_KIND_COUNT)
            return unreadable(t, "chunks are KIND=NUMBER …: role text reasoning tool usage done error comment other");
        want[kind] = strtoll(word.at + n + 1, NULL, 10);
    }
    for (size_t i = 0; i < t->r->chunks.n; i++)
        got[t->r->chunks.at[i].kind]++;
    if (!memcmp(want, got, sizeof want))
        return true;
    for (int i = 0; i < CHUNK_KIND_COUNT; i++)
        if (got[i])
            str_addf(&t->got, "%s%s=%lld", t->got.len ? " " : "", chunk_kind_word((enum chunk_kind)i),
                     (long long)got[i]);
    if (!t->got.len)
        str_addz(&t->got, "none");
    return false;
}

static bool holds_merged(struct trial *t)
{
    int64_t n = 0;
    for (size_t i = 0; i < t->r->chunks.n; i++)
        n += (t->r->chunks.at[i].flags & CHUNK_MERGED) != 0;
    return same_count(t, n);
}

static bool holds_connections(struct trial *t)
{
    return same_count(t, t->log->connections);
}

static bool holds_requests(struct trial *t)
{
    return same_count(t, t->log->requests);
}

static bool holds_asked(struct trial *t)
{
    bool holds = contains((struct span){str_z(&t->log->received), t->log->received.len}, t->x->text);
    if (!holds)
        str_addz(&t->got, "a request without that");
    return holds;
}

static bool holds_not_asked(struct trial *t)
{
    bool holds = !contains((struct span){str_z(&t->log->received), t->log->received.len}, t->x->text);
    if (!holds)
        str_addz(&t->got, "a request with that");
    return holds;
}

/* ---- metrics and stamps ---- */

/* "ID none" or "ID = VALUE", the latter for what does not depend on time. */
static bool holds_metric(struct trial *t)
{
    char id[64], *end;
    struct span rest = t->x->text, word = cut_word(&rest), how = cut_word(&rest);
    snprintf(id, sizeof id, "%.*s", (int)word.len, word.at);
    const struct metric *m = metric_find(id);
    if (!m || !m->of_request)
        return unreadable(t, "no such metric of a request; `chimera list metrics` has them");
    double got = m->of_request(t->r), want = strtod(rest.at, &end);
    bool none = span_eq_z(how, "none");
    if (!none && (!span_eq_z(how, "=") || end == rest.at || *end))
        return unreadable(t, "a metric is ID none, or ID = VALUE");
    if (none ? isnan(got) : fabs(got - want) <= 1e-9 * fabs(want))
        return true;
    str_addf(&t->got, isnan(got) ? "none" : "%.12g", got);
    return false;
}

static int find_stamp(struct span word)
{
    for (int i = 0; i < STAMP_COUNT; i++)
        if (span_eq_z(word, stamp_word((enum stamp)i)))
            return i;
    return -1;
}

/* Whether the stamp may be later than the arrival: our own clock took it, or a later event shared its read (a read has
 * the stamp of its last byte). Then only lower bounds of it are certain. The first byte may share its read with a
 * comment, which scripts use to say that nothing else is there yet. */
static bool may_be_late(const struct request *r, enum stamp stamp)
{
    for (size_t i = 0; i < r->chunks.n; i++) {
        const struct chunk *c = &r->chunks.at[i];
        bool shares = c->t_ns == r->stamp[stamp];
        if (shares && (c->flags || (stamp == STAMP_FIRST_BYTE && c->kind != CHUNK_COMMENT)))
            return true;
    }
    return false;
}

static bool compare(struct trial *t, mono_ns difference, bool at_least, mono_ns bound)
{
    bool holds = at_least ? difference >= bound - SLACK_NS : difference <= bound + SLACK_NS;
    if (!holds)
        str_addf(&t->got, "%.3f ms", (double)difference / 1e6);
    return holds;
}

/* "STAMP after MARK", "STAMP before MARK": against the time when the script came by. */
static bool against_mark(struct trial *t, enum stamp stamp, bool after, struct span name)
{
    int mark = case_find_mark(t->c, name);
    if (mark < 0)
        return unreadable(t, "no such mark");
    mono_ns at = t->log->mark[mark];
    if (at == MONO_NONE) {
        str_addz(&t->got, "a script that did not come to the mark");
        return false;
    }
    if (!after && may_be_late(t->r, stamp))
        return true;
    return compare(t, t->r->stamp[stamp] - at, after, 0);
}

/* "STAMP - STAMP >= TIME" or "<= TIME". */
static bool against_stamp(struct trial *t, mono_ns stamp, struct span rest)
{
    mono_ns bound;
    int other = find_stamp(cut_word(&rest));
    struct span how = cut_word(&rest);
    bool at_least = span_eq_z(how, ">=");
    if (other < 0 || !case_duration(rest, &bound) || (!at_least && !span_eq_z(how, "<=")))
        return unreadable(t, "it is STAMP - STAMP >= TIME or <= TIME");
    mono_ns from = t->r->stamp[other];
    if (from == MONO_NONE) {
        str_addf(&t->got, "no stamp %s", stamp_word((enum stamp)other));
        return false;
    }
    if (at_least && other > STAMP_SENT && may_be_late(t->r, (enum stamp)other))
        return true;
    return compare(t, stamp - from, at_least, bound);
}

static bool holds_stamp(struct trial *t)
{
    struct span rest = t->x->text;
    int stamp = find_stamp(cut_word(&rest));
    struct span how = cut_word(&rest);
    if (stamp < 0)
        return unreadable(t, "no such stamp");
    mono_ns at = t->r->stamp[stamp];
    if (span_eq_z(how, "none")) {
        if (at != MONO_NONE)
            str_addz(&t->got, "one");
        return at == MONO_NONE;
    }
    if (at == MONO_NONE) {
        str_addz(&t->got, "none");
        return false;
    }
    if (span_eq_z(how, "-"))
        return against_stamp(t, at, rest);
    if (span_eq_z(how, "after") || span_eq_z(how, "before"))
        return against_mark(t, (enum stamp)stamp, span_eq_z(how, "after"), rest);
    return unreadable(t, "it is STAMP none, after MARK, before MARK, or - STAMP >= TIME");
}

static bool (*const holds[])(struct trial *) = {
    [CASE_EXPECT_OUTCOME] = holds_outcome,
    [CASE_EXPECT_FLAGS] = holds_flags,
    [CASE_EXPECT_STATUS] = holds_status,
    [CASE_EXPECT_TEXT] = holds_text,
    [CASE_EXPECT_REASONING] = holds_reasoning,
    [CASE_EXPECT_FINISH] = holds_finish,
    [CASE_EXPECT_ERROR] = holds_error,
    [CASE_EXPECT_PROMPT_TOK] = holds_prompt_tok,
    [CASE_EXPECT_COMPLETION_TOK] = holds_completion_tok,
    [CASE_EXPECT_CACHED_TOK] = holds_cached_tok,
    [CASE_EXPECT_CHUNKS] = holds_chunks,
    [CASE_EXPECT_MERGED] = holds_merged,
    [CASE_EXPECT_STAMP] = holds_stamp,
    [CASE_EXPECT_METRIC] = holds_metric,
    [CASE_EXPECT_CONNECTIONS] = holds_connections,
    [CASE_EXPECT_REQUESTS] = holds_requests,
    [CASE_EXPECT_ASKED] = holds_asked,
    [CASE_EXPECT_NOT_ASKED] = holds_not_asked,
};
_Static_assert(sizeof holds / sizeof holds[0] == CASE_EXPECT_COUNT, "each key of expect has its function");

/* ---- all of a case ---- */

/* What is right whatever a case is about. */
static void judge_always(const struct stub_case *c, const struct run *run, struct str *faults)
{
    struct run_counts n = run_count(run);
    if (!run_counts_balance(&n) || run->n_requests != (size_t)c->asks)
        str_addf(faults, "%zu requests recorded of %d asked\n", run->n_requests, c->asks);
    for (size_t i = 0; i < run->n_requests; i++) {
        const char *fault = request_stamps_fault(&run->requests[i]);
        if (fault)
            str_addf(faults, "request %zu: stamps are out of order: %s\n", i + 1, fault);
        if (run->requests[i].chunks.dropped)
            str_addf(faults, "request %zu: %zu chunks found no room\n", i + 1, run->requests[i].chunks.dropped);
    }
}

int conform_judge(const struct stub_case *c, const char *name, const struct run *run, const struct player_log *log,
                  struct str *faults, struct err *e)
{
    int rc = 0;
    judge_always(c, run, faults);
    for (int i = 0; i < c->n_expects && !rc; i++) {
        const struct case_expect *x = &c->expect[i];
        struct trial t = {.c = c, .x = x, .log = log};
        if ((size_t)x->request >= run->n_requests)
            continue; /* told by judge_always */
        t.r = &run->requests[x->request];
        bool right = holds[x->key](&t);
        if (t.bad)
            rc = err_at(e, ERR_INPUT, x->line, 0, "%s:%ld: %s", name, x->line, t.bad);
        else if (!right)
            str_addf(faults, "line %ld: %s of request %d: %s expected, got %s\n", x->line, case_expect_word(x->key),
                     x->request + 1, x->text.len ? x->text.at : "nothing", str_z(&t.got));
        str_release(&t.got);
    }
    return rc;
}

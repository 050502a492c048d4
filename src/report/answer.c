/* answer.c: the sentences of the first screen. They say what the interval allows and no more: an interval
 * that includes 1 decides nothing, one block decides nothing, and unequal work is no comparison. */
#include <math.h>
#include <string.h>

#include "record/verdict.h"
#include "report/number.h"
#include "report/study_view.h"

enum { ARMS_TOLD = 4 };

static void add(struct report_view *v, const char ***list, size_t *n, const char *sentence)
{
    *list = arena_grow(&v->arena, *list, *n * sizeof **list, (*n + 1) * sizeof **list);
    (*list)[(*n)++] = sentence;
}

static void answer(struct report_view *v, const char *sentence)
{
    add(v, &v->answers, &v->n_answers, sentence);
}

static void caution(struct report_view *v, const char *sentence)
{
    add(v, &v->cautions, &v->n_cautions, sentence);
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* ---- several agents at once ------------------------------------------------------------------------------ */

static const char *decided(struct report_view *v, const struct view_duet *d, const struct view_number *n)
{
    struct arena *a = &v->arena;
    const char *value = number_text(a, n->median);
    const char *basis = arena_printf(a, "%s, 95 %% interval %s to %s, %s", n->metric->id,
                                     number_text(a, n->interval.lo), number_text(a, n->interval.hi), n->label);
    if (!strcmp(d->verdict, "better"))
        return arena_printf(a, "Side by side, %s did %s work %s times as fast as one after the other (%s).", d->agents,
                            d->headline == SPEEDUP_BY_TIME ? "the same" : "their", value, basis);
    if (!strcmp(d->verdict, "worse"))
        return arena_printf(a, "Side by side, %s were slower than one after the other: %s times its speed (%s).",
                            d->agents, value, basis);
    return arena_printf(a,
                        "It cannot be told whether %s are faster side by side than one after the other: %s times the "
                        "speed, and the interval includes 1 (%s).",
                        d->agents, value, basis);
}

static const char *undecided(struct report_view *v, const struct view_duet *d)
{
    const struct view_number *n = d->headline == SPEEDUP_BY_TIME ? &d->time : &d->tokens;
    if (d->headline == SPEEDUP_NONE)
        return arena_printf(
            &v->arena,
            "It cannot be told whether %s are faster side by side than one after the other: the work of "
            "the runs is not shown to be equal, because token counts or decode times are missing "
            "(speedup.time alone would be %s).",
            d->agents, number_text(&v->arena, d->time.median));
    return arena_printf(
        &v->arena,
        "One block only: side by side, %s worked at %s times the speed of one after the other (%s, n = 1). "
        "Without a second block there is no interval, and nothing is said about other runs.",
        d->agents, number_text(&v->arena, n->median), n->metric->id);
}

static void answer_duet(struct report_view *v, const struct view_duet *d)
{
    const struct view_number *n = d->headline == SPEEDUP_BY_TIME ? &d->time : &d->tokens;
    const char *text = d->headline != SPEEDUP_NONE && n->n > 1 ? decided(v, d, n) : undecided(v, d);
    if (v->n_duets > 1)
        text = arena_printf(&v->arena, "%s: %s", d->arm, text);
    answer(v, text);
}

static void answer_comparisons(struct report_view *v)
{
    const char *first = view_comparison_sentence(v);
    if (first)
        answer(v, first);
    if (first && v->comparisons.n_compared > 1)
        answer(v, view_comparison_count(v));
}

/* ---- other studies --------------------------------------------------------------------------------------- */

static const char *and_number(struct report_view *v, const struct view_arm *arm, const char *text, const char *id,
                              const char *what)
{
    const struct view_number *n = view_find(arm, id);
    if (!n)
        return text;
    return arena_printf(&v->arena, "%s%s%s %s %s (%s)", text, *text ? ", " : "", what,
                        number_with_interval(&v->arena, n), n->metric->unit, id);
}

/* Where the time of an agent's sessions goes, as the server tells it: shares of the sum of session durations. */
static const char *time_split(struct report_view *v, const struct view_arm *arm)
{
    const struct metric *duration = metric_find("session.duration");
    double total = 0, decode = 0, prompt = 0, load = 0;
    for (size_t i = 0; i < arm->n_runs; i++) {
        const struct run *r = arm->runs[i];
        if (!run_is_counted(r) || !run_is_agent(r))
            continue;
        for (size_t k = 0; k < r->n_sessions; k++)
            total += duration->of_session(r, &r->sessions[k]) * 1e9;
        for (size_t k = 0; k < r->n_requests; k++) {
            const struct usage *u = &r->requests[k].usage;
            decode += u->eval_ns < 0 ? NAN : (double)u->eval_ns;
            prompt += u->prompt_eval_ns < 0 ? NAN : (double)u->prompt_eval_ns;
            load += u->load_ns < 0 ? 0 : (double)u->load_ns;
        }
    }
    if (!(total > 0) || isnan(decode + prompt) || decode + prompt + load > total)
        return "";
    return arena_printf(&v->arena, "; of its time %.0f %% is decode, %.0f %% prompt, %.0f %% load and %.0f %% the rest",
                        100 * decode / total, 100 * prompt / total, 100 * load / total,
                        100 * (total - decode - prompt - load) / total);
}

static void answer_arm(struct report_view *v, const struct view_arm *arm)
{
    const char *text = "";
    if (!arm->n_counted)
        return;
    if (arm->load) {
        answer(v, view_load_headline(v, arm));
        return;
    }
    text = and_number(v, arm, text, "makespan", "a run takes");
    text = and_number(v, arm, text, "ttft", "the first token");
    text = and_number(v, arm, text, view_find(arm, "decode_rate.server") ? "decode_rate.server" : "decode_rate.client",
                      "decode");
    text = and_number(v, arm, text, "output_rate.system", "output");
    if (!*text)
        return;
    const char *basis = arm->n_counted == 1                       ? ": one run says nothing about the next"
                        : arm->n_counted < VIEW_DESCRIPTIVE_BELOW ? ", descriptive"
                                                                  : "";
    answer(v, arena_printf(&v->arena, "%s: %s; median over %zu run%s%s%s.", arm->name, text, arm->n_counted,
                           plural(arm->n_counted), basis, time_split(v, arm)));
}

static void answer_nothing(struct report_view *v)
{
    size_t complete = 0, aborted = 0;
    for (size_t i = 0; i < v->n_arms; i++) {
        complete += v->arms[i].n_runs;
        aborted += v->arms[i].n_others;
    }
    if (!complete)
        answer(v,
               arena_printf(&v->arena, "Nothing can be concluded: of %zu planned run%s none is complete (%zu aborted).",
                            v->info.study.n_rows, plural(v->info.study.n_rows), aborted));
    else
        answer(v, arena_printf(
                      &v->arena,
                      "Nothing can be concluded: of %zu complete run%s none counts (%lld VOID), or none carries a "
                      "number.",
                      complete, plural(complete), (long long)v->verdicts[VERDICT_VOID]));
}

/* ---- cautions -------------------------------------------------------------------------------------------- */

static int64_t flagged(const struct report_view *v, enum request_flag flag)
{
    int bit = 0;
    while (1u << bit != (unsigned)flag)
        bit++;
    return v->counts.by_flag[bit];
}

static void caution_blocks(struct report_view *v)
{
    size_t strata = 0, client = 0, unequal = 0;
    int64_t degenerate = flagged(v, REQUEST_DEGENERATE), cut = flagged(v, REQUEST_CONTEXT_TRUNCATED);
    for (size_t i = 0; i < v->speedup.n_blocks; i++) {
        strata += v->speedup.blocks[i].strata_differ;
        client += v->speedup.blocks[i].source == DECODE_CLIENT;
        unequal += !v->speedup.blocks[i].match;
    }
    if (unequal)
        caution(v, arena_printf(
                       &v->arena,
                       "In %zu of %zu blocks an agent's tokens differ by more than 2 %% from its solo run, or are not "
                       "told: speedup.time would compare unequal work.",
                       unequal, v->speedup.n_blocks));
    if (strata)
        caution(v, arena_printf(&v->arena, "In %zu block%s solo and common runs had different host facts.", strata,
                                plural(strata)));
    if (client)
        caution(v, "The server reports no decode times: decode rates come from the client's stamps.");
    if (degenerate)
        caution(v, arena_printf(&v->arena, "%lld answer%s degenerate (a repetition loop or mostly no text).",
                                (long long)degenerate, degenerate == 1 ? " is" : "s are"));
    if (cut)
        caution(v, arena_printf(&v->arena, "%lld prompt%s cut by the server to fit its context.", (long long)cut,
                                cut == 1 ? " was" : "s were"));
}

static void caution_failures(struct report_view *v)
{
    int64_t failed = v->counts.failed + v->counts.unsent;
    size_t cut = view_cut_off(v);
    if (failed)
        caution(v, arena_printf(&v->arena, "%lld of %lld requests failed or were never sent%s.", (long long)failed,
                                (long long)v->counts.planned, cut ? "" : "; latencies are those of completed ones"));
    if (cut)
        caution(v, arena_printf(&v->arena,
                                "%zu request%s ended by a timeout or by us before the end: the percentiles under Load "
                                "take %s as longer than that. Every other latency is of completed requests only, so "
                                "the slowest are missing from it.",
                                cut, cut == 1 ? " was" : "s were", cut == 1 ? "it" : "them"));
}

static bool server_facts_changed(const struct report_view *v)
{
    for (size_t i = 0; i < v->n_servers; i++)
        for (size_t k = 0; k < i; k++)
            if (v->servers[i].name && v->servers[k].name && !strcmp(v->servers[i].name, v->servers[k].name))
                return true;
    return false;
}

static void cautions(struct report_view *v)
{
    size_t missing = 0, excluded = v->speedup.n_excluded;
    for (size_t i = 0; i < v->n_arms; i++)
        missing += v->arms[i].planned > v->arms[i].n_runs ? v->arms[i].planned - v->arms[i].n_runs : 0;
    if (missing && v->enough)
        caution(v, arena_printf(&v->arena, "Ended by its stop rule: %zu of %zu planned runs were not needed.", missing,
                                v->info.study.n_rows));
    else if (missing)
        caution(v, arena_printf(&v->arena, "The study is incomplete: %zu of %zu planned runs %s missing.", missing,
                                v->info.study.n_rows, missing == 1 ? "is" : "are"));
    if (v->verdicts[VERDICT_VOID])
        caution(v, arena_printf(&v->arena, "%lld run%s VOID and count%s nowhere.", (long long)v->verdicts[VERDICT_VOID],
                                v->verdicts[VERDICT_VOID] == 1 ? " is" : "s are",
                                v->verdicts[VERDICT_VOID] == 1 ? "s" : ""));
    if (v->verdicts[VERDICT_SUSPECT])
        caution(v, arena_printf(&v->arena, "%lld run%s SUSPECT and counted; the rules that fired stand with the runs.",
                                (long long)v->verdicts[VERDICT_SUSPECT],
                                v->verdicts[VERDICT_SUSPECT] == 1 ? " is" : "s are"));
    if (excluded)
        caution(v, arena_printf(&v->arena, "%zu run%s of the comparison %s left out, each with its cause below.",
                                excluded, plural(excluded), excluded == 1 ? "is" : "are"));
    caution_failures(v);
    caution_blocks(v);
    for (size_t i = 0; i < v->study->n_drifts; i++)
        if (caution_drift(v, i))
            caution(v, caution_drift(v, i));
    if (v->n_hosts > 1)
        caution(v, arena_printf(&v->arena, "The runs had %zu different sets of host facts.", v->n_hosts));
    if (server_facts_changed(v))
        caution(v, "The facts of a server changed between runs.");
}

/* Of a study with factors: many arms are told together. */
static void answer_study(struct report_view *v)
{
    if (v->study->n_effects)
        answer(v, answer_effects(v));
    for (size_t i = 0; i < v->study->n_sources; i++)
        if (answer_best(v, i))
            answer(v, answer_best(v, i));
    if (v->design.n_factors && v->n_duets > ARMS_TOLD)
        answer(v, answer_duets(v));
}

void view_answer(struct report_view *v)
{
    bool many = v->study->n_effects && v->n_arms > ARMS_TOLD;
    answer_study(v);
    for (size_t i = 0; i < v->n_duets && !(v->design.n_factors && v->n_duets > ARMS_TOLD); i++)
        answer_duet(v, &v->duets[i]);
    if (v->speedup.n_multi && !v->n_duets)
        answer(v,
               arena_printf(&v->arena,
                            "It cannot be told whether the agents are faster side by side than one after the other: no "
                            "block has a counted run of all of them and of each alone (%zu run%s left out).",
                            v->speedup.n_excluded, v->speedup.n_excluded == 1 ? " is" : "s are"));
    if (!v->n_duets && !v->design.n_factors && v->comparisons.top)
        answer_comparisons(v);
    for (size_t i = 0; i < v->n_arms && !v->speedup.n_multi && !many; i++)
        answer_arm(v, &v->arms[i]);
    if (!v->n_answers)
        answer_nothing(v);
    cautions(v);
}

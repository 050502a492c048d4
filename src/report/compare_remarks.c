/* compare_remarks.c: the answer of a comparison in one sentence, and one for each thing that the table does not show. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "record/verdict.h"
#include "report/compare_view.h"
#include "report/course.h"
#include "report/noise.h"
#include "report/number.h"
#include "stats/quantile.h"

#define TOKENS_DIFFER 0.02 /* as in true speedup: above it times are of different work */

double compare_percent(const struct comparison *c, double value)
{
    return 100 * value / (c->base ? fabs(c->base) : NAN);
}

const char *compare_units(const struct comparison *c, double n)
{
    return c->paired ? (n == 1 ? "block" : "blocks") : n == 1 ? "run" : "runs";
}

static const char *duration(struct arena *a, double s)
{
    return s < 99.5        ? arena_printf(a, "%.0f s", s)
           : s < 99.5 * 60 ? arena_printf(a, "%.0f min", s / 60)
                           : arena_printf(a, "%.1f h", s / 3600);
}

/* ---- the answer ------------------------------------------------------------------------------------------------------ */

static void make_answer(struct compare_view *v)
{
    static const enum compare_verdict order[] = {COMPARE_WORSE, COMPARE_BETTER, COMPARE_EQUIVALENT,
                                                 COMPARE_INCONCLUSIVE};
    static const char *const before[] = {"worse in ", "better in ", "equivalent in ", "inconclusive in "};
    struct str text = STR_INIT;
    str_addf(&text, "%s against %s: ", v->side[1].label, v->side[0].label);
    size_t start = text.len;
    for (int i = 0; i < 4; i++) {
        struct str metrics = STR_INIT;
        compare_view_metrics(v, order[i], &metrics);
        if (metrics.len)
            str_addf(&text, "%s%s%s", text.len > start ? "; " : "", before[i], str_z(&metrics));
        str_release(&metrics);
    }
    str_addc(&text, '.');
    v->answer = arena_dupz(&v->arena, str_z(&text));
    str_release(&text);
}

/* ---- why a verdict is inconclusive ----------------------------------------------------------------------------------- */

const char *compare_why_open(struct compare_view *v, size_t i)
{
    const struct compare_question *q = &v->questions[i];
    const struct comparison *c = &v->results[i];
    size_t fewer = c->n_a < c->n_b ? c->n_a : c->n_b;
    if (!c->n_a || !c->n_b)
        return "no run of one side has it";
    if (c->below_floor)
        return arena_printf(&v->arena,
                            "the change is below the noise floor of this server, %s %%: two runs of the same thing "
                            "differ by as much (chimera calibrate --aa)",
                            number_text(&v->arena, compare_percent(c, q->floor)));
    if (fewer < COMPARE_MIN_RUNS)
        return arena_printf(&v->arena, "below %d %s nothing is concluded: %zu missing", COMPARE_MIN_RUNS,
                            compare_units(c, 2), COMPARE_MIN_RUNS - fewer);
    if (c->metric->better == BETTER_NONE)
        return "neither more nor less of it is better";
    return isnan(c->more_runs) ? "no difference to find; whether both are alike enough can be asked with --margin"
                               : NULL;
}

/* What would settle it, of the metrics with a margin or of those without. */
static void remark_more(struct compare_view *v, bool margin)
{
    struct str text = STR_INIT;
    const struct comparison *one = NULL;
    for (size_t i = 0; i < v->n; i++) {
        const struct comparison *c = &v->results[i];
        double seconds = c->more_runs * (v->side[0].run_s + v->side[1].run_s);
        if (!(c->more_runs > 0) || c->metric->better == BETTER_NONE || (v->questions[i].margin > 0) != margin)
            continue;
        str_addf(&text, "%s%s %.0f", text.len ? ", " : "", c->metric->id, c->more_runs);
        if (isfinite(seconds))
            str_addf(&text, " (%s)", duration(&v->arena, seconds));
        one = c;
    }
    if (one)
        compare_remark(v, "More %s that would find %s in 80 %% of such studies, and their time: %s.",
                       compare_units(one, 2), margin ? "a shift of the margin" : "a shift as large as the one seen",
                       str_z(&text));
    str_release(&text);
}

/* Metrics with the same reason share a sentence. */
static void remark_open(struct compare_view *v)
{
    const char **why = arena_alloc(&v->arena, v->n * sizeof *why);
    for (size_t i = 0; i < v->n; i++)
        why[i] = v->results[i].verdict == COMPARE_INCONCLUSIVE ? compare_why_open(v, i) : NULL;
    for (size_t i = 0; i < v->n; i++) {
        const char *names = v->results[i].metric->id;
        if (!why[i])
            continue;
        for (size_t k = i + 1; k < v->n; k++)
            if (why[k] && !strcmp(why[i], why[k])) {
                names = arena_printf(&v->arena, "%s, %s", names, v->results[k].metric->id);
                why[k] = NULL;
            }
        compare_remark(v, "%s: %s.", names, why[i]);
    }
}

/* ---- which runs ------------------------------------------------------------------------------------------------------ */

static void remark_left_out(struct compare_view *v)
{
    for (int i = 0; i < 2; i++) {
        const struct side_view *s = &v->side[i];
        if (s->n_void + s->n_incomplete)
            compare_remark(v, "%s: %zu of %zu runs left out: %zu VOID, %zu incomplete.", s->label,
                           s->n_void + s->n_incomplete, s->n_void + s->n_incomplete + s->n_counted, s->n_void,
                           s->n_incomplete);
        for (size_t k = 0; k < s->n_counted; k++)
            if (s->counted[k]->verdict == VERDICT_SUSPECT)
                compare_remark(v, "%s, block %d counts and is SUSPECT: %s.", s->label, s->counted[k]->block + 1,
                               s->counted[k]->verdict_why);
    }
}

static void remark_partners(struct compare_view *v)
{
    size_t most = 0;
    for (size_t i = 0; i < v->n; i++)
        most = v->results[i].left_out > most ? v->results[i].left_out : most;
    if (v->one_file && most)
        compare_remark(v, "%zu run%s without a partner in %s block %s left out, too.", most, most == 1 ? "" : "s",
                       most == 1 ? "its" : "their", most == 1 ? "is" : "are");
}

struct start {
    int64_t wall_ns;
    int side;
};

static int by_time(const void *a, const void *b)
{
    const struct start *x = a, *y = b;
    return (x->wall_ns > y->wall_ns) - (x->wall_ns < y->wall_ns);
}

/* Blocks change the arm at least once each. */
static void remark_order(struct compare_view *v)
{
    size_t n = 0, changes = 0, few = v->side[0].n_counted;
    few = v->side[1].n_counted < few ? v->side[1].n_counted : few;
    struct start *starts = arena_alloc(&v->arena, (v->side[0].n_counted + v->side[1].n_counted + 1) * sizeof *starts);
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < v->side[i].n_counted; k++)
            starts[n++] = (struct start){v->side[i].counted[k]->wall_ns, i};
    qsort(starts, n, sizeof *starts, by_time);
    for (size_t i = 1; i < n; i++)
        changes += starts[i].side != starts[i - 1].side;
    if (changes < few)
        compare_remark(v,
                       "The runs were not interleaved (%zu change%s of side in %zu runs): what drifted meanwhile looks "
                       "like a difference. Run both as arms of one study.",
                       changes, changes == 1 ? "" : "s", n);
}

/* What was found about a whole study stands beside what is compared of it. */
static void remark_studies(struct compare_view *v)
{
    for (int i = 0; i < (v->one_file ? 1 : 2); i++) {
        const struct side_view *s = &v->side[i];
        const char *why;
        enum verdict verdict = course_verdict(s->side->store, &s->info, s->runs, s->n_runs, false, &v->arena, &why,
                                              NULL);
        if (verdict == VERDICT_SUSPECT || verdict == VERDICT_VOID)
            compare_remark(v, "The study of %s is %s: %s.", s->file, verdict_word(verdict), why);
    }
}

/* ---- what differs ---------------------------------------------------------------------------------------------------- */

static void remark_differences(struct compare_view *v)
{
    for (int declared = 1; declared >= 0; declared--) {
        struct str text = STR_INIT;
        for (size_t i = 0; i < v->n_differences; i++)
            if (v->differences[i].declared == (declared == 1))
                str_addf(&text, "%s%s", text.len ? ", " : "", v->differences[i].fact);
        if (text.len)
            compare_remark(
                v, declared ? "The servers differ in %s, which the study varies." : "Differs, as --across says: %s.",
                str_z(&text));
        str_release(&text);
    }
    const char *a = v->side[0].info.study.chimera_commit, *b = v->side[1].info.study.chimera_commit;
    if (a && b && strcmp(a, b) != 0)
        compare_remark(v, "Two builds of chimera measured: %.12s and %.12s.", a, b);
}

static double side_median(struct compare_view *v, const struct side_view *s, const struct metric *m)
{
    double *values = arena_alloc(&v->arena, (s->n_counted + 1) * sizeof *values);
    size_t n = 0;
    for (size_t i = 0; i < s->n_counted; i++) {
        double x = run_median_of(s->counted[i], m);
        if (isfinite(x))
            values[n++] = x;
    }
    return median(values, n);
}

static void remark_tokens(struct compare_view *v)
{
    static const char *const ids[] = {"tokens.prompt", "tokens.completion"};
    for (int i = 0; i < 2; i++) {
        const struct metric *m = metric_find(ids[i]);
        double a = side_median(v, &v->side[0], m), b = side_median(v, &v->side[1], m);
        if (fabs(b - a) > TOKENS_DIFFER * a)
            compare_remark(v, "%s of a request: %s against %s, so times of whole requests are of different work.",
                           ids[i], number_text(&v->arena, a), number_text(&v->arena, b));
    }
}

static void remark_noise(struct compare_view *v, const struct compare_spec *spec)
{
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < v->side[i].n_servers; k++) {
            const struct named_json *server = &v->side[i].servers[k];
            struct noise noise;
            if (!compare_uses(&v->side[i], server->name) ||
                !noise_find(spec->noise_json, server->json, v->results[0].metric, &noise))
                continue;
            compare_remark(v,
                           "The noise floor is known: %lld runs of the same load on this server, %lld pairs, 95 %% of "
                           "which differ by less; no smaller change is claimed.",
                           (long long)noise.runs, (long long)noise.pairs);
            return;
        }
}

void compare_remarks(struct compare_view *v, const struct compare_spec *spec)
{
    make_answer(v);
    remark_open(v);
    remark_more(v, true);
    remark_more(v, false);
    remark_order(v);
    if (spec) { /* a report says these of the whole */
        remark_studies(v);
        remark_left_out(v);
    }
    remark_partners(v);
    remark_differences(v);
    remark_tokens(v);
    if (spec)
        remark_noise(v, spec);
}
